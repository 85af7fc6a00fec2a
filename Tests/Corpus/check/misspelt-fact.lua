-- expect 3:11: error: the call has no field 'dnsi', did you mean call.dnis?
return function(call)
  if call.dnsi == "8000" then return queue "9000" end
  return ANY
end
