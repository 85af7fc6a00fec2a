-- outcome: instructions
return function(call)
  local t = {}
  for i = 1, 1000 do t[i] = i end
  while true do for _ in pairs(t) do break end end
  return ANY
end
