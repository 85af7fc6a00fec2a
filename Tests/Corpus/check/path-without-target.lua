-- expect 9:1: error: this path ends without a target: the call goes to the default route
return function(call)
  local target = call:select(ANY, { timeout = 20 })
  if target then
    return target
  elseif call.attempts > 3 then
    return queue "9000"
  end
end
