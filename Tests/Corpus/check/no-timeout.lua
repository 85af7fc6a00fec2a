-- expect 4:6: warning: this branch never runs: call:select without a timeout waits until it has a t
return function(call)
  local target = call:select(ANY)
  if not target then return queue "9000" end
  return target
end
