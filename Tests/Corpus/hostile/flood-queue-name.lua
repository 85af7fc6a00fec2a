-- outcome: error: at most 256 bytes
return function(call)
  local x = queues[("9"):rep(100000)].waiting
  return ANY
end
