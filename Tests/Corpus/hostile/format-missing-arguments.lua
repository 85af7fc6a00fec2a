-- outcome: error: bad argument #2
return function(call)
  local x = string.format(("%99d"):rep(1000))
  return ANY
end
