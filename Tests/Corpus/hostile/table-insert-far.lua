-- outcome: error: position out of bounds
return function(call)
  table.insert({}, 1 << 40, 1)
  return ANY
end
