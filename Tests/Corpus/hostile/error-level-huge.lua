-- outcome: error: x
return function(call)
  error("x", 1 << 30)
  return ANY
end
