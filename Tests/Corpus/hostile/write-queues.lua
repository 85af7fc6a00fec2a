-- outcome: error: read-only (field '9000')
return function(call)
  queues["9000"] = {}
  return ANY
end
