-- outcome: instructions
return function(call)
  while true do pcall(error) end
  return ANY
end
