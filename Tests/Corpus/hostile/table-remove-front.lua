-- outcome: instructions
return function(call)
  local t = {}
  for i = 1, 10000 do t[i] = i end
  while #t > 0 do table.remove(t, 1) end
  return ANY
end
