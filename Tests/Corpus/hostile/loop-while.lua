-- outcome: instructions
return function(call)
  while true do end
  return ANY
end
