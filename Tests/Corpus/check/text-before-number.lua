-- expect 3:6: error: call.ani is a string and cannot be compared with a number: use tonumber
return function(call)
  if call.ani > 1000 then return queue "9000" end
  return ANY
end
