-- outcome: instructions
return function(call)
  repeat until false
  return ANY
end
