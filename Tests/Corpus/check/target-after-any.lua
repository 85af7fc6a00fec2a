-- expect 3:37: warning: agent "1001" makes no difference: ANY, before it, takes every agent
return function(call)
  local target = call:select({ ANY, agent "1001" }, { timeout = 5 })
  return target or queue "9000"
end
