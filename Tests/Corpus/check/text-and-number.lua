-- expect 3:6: warning: call.dnis is a string and never equals a number: put the number in quotes
return function(call)
  if call.dnis == 8000 then return queue "9000" end
  return ANY
end
