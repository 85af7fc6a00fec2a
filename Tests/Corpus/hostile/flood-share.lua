-- outcome: instructions
return function(call)
  local t = {}
  for i = 1, 2000 do t[i] = i end
  while true do share(t) end
  return ANY
end
