-- outcome: instructions
return function(call)
  local function f(...) while true do select("#", ...) end end
  local t = {}
  for i = 1, 2000 do t[i] = i end
  f(table.unpack(t))
  return ANY
end
