-- expect 3:46: error: call:select cannot wait for a queue: return it, or write call:route(queue "90
return function(call)
  local target = call:select({ agent "1001", queue "9000" }, { timeout = 5 })
  return target or ANY
end
