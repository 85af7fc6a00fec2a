-- outcome: error: 42
return function(call)
  error(42)
  return ANY
end
