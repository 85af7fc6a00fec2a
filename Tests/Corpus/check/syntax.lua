-- expect 3:22: error: 'then' expected near 'return'
return function(call)
  if call.ani == "1" return ANY end
  return ANY
end
