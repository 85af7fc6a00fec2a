-- expect 4:27: error: agent "1001" can never be chosen: call:exclude on line 3 keeps the call away
return function(call)
  call:exclude(agent "1001")
  local own = call:select(agent "1001", { timeout = 5 })
  return own or queue "9000"
end
