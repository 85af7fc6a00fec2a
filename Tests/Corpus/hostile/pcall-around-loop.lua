-- outcome: instructions
return function(call)
  while true do pcall(function() while true do end end) end
  return ANY
end
