-- expect 3:21: error: a queue has no field 'oldest_wiat', did you mean 'oldest_wait'?
return function(call)
  if queues["9000"].oldest_wiat > 60 then return reject(486) end
  return ANY
end
