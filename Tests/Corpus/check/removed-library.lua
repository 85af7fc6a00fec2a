-- expect 3:6: error: 'os' is not available in strategies
return function(call)
  if os.time() > 0 then return ANY end
  return queue "9000"
end
