-- expect 5:1: error: 'end' expected (to close 'function' at line 2) near <eof>
return function(call)
  if call.ani == "1" then return ANY end
  return ANY
