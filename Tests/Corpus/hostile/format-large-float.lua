-- outcome: target: ANY
return function(call)
  assert(#string.format("%99.99f", 1e308) > 300)
  return ANY
end
