-- outcome: instructions
return function(call)
  local t = {}
  while true do table.insert(t, 1, 1) end
  return ANY
end
