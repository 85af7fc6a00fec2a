-- expect 3:29: warning: this path ends without a target: the call goes to the default route
return function(call)
  if call.attempts > 3 then return end
  return ANY
end
