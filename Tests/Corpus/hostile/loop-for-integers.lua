-- outcome: instructions
return function(call)
  for i = math.mininteger, math.maxinteger do end
  return ANY
end
