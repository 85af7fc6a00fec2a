-- outcome: instructions
return function(call)
  for i = 1, math.huge do end
  return ANY
end
