-- expect 3:13: error: unknown queue "9002", did you mean "9000"?
return function(call)
  if queues["9002"].waiting > 3 then return reject(486) end
  return ANY
end
