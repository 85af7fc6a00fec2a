-- expect 8:3: warning: unreachable code
return function(call)
  while true do
    call:wait(5)
    local target = call:select(ANY, { timeout = 0 })
    if target then return target end
  end
  return queue "9000"
end
