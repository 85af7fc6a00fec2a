-- outcome: instructions
return function(call)
  local s = "x"
  for i = 1, 64 do s = s:gsub("x", "xx") end
  return ANY
end
