-- expect 3:6: warning: call.user_data.level is a string and never equals a number
return function(call)
  if call.user_data.level == 3 then return queue "9000" end
  return ANY
end
