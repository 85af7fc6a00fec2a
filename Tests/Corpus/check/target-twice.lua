-- expect 6:5: warning: agent "1001" is in this list already (line 4): one of them is enough
return function(call)
  local target = call:select({
    agent "1001",
    agent "1002",
    agent "1001",
  }, { timeout = 5 })
  return target or queue "9000"
end
