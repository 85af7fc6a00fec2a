-- outcome: instructions
return function(call)
  local x = table.move({ 1 }, 1, 1e9, 2)
  return ANY
end
