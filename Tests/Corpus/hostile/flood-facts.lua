-- outcome: steps
return function(call)
  local n = 0
  for i = 1, 5000 do n = n + queues["9000"].waiting end
  return ANY
end
