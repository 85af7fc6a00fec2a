-- outcome: error: queues cannot be changed
return function(call)
  queues["9000"].waiting = 0
  return ANY
end
