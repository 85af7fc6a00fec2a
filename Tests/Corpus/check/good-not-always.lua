-- clean
return function(call)
  local target
  repeat
    target = call:select(ANY, { timeout = 2 })
  until target or call.attempts > 3
  if not target then return queue "9000" end
  return target
end
