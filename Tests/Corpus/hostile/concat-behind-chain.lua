-- outcome: instructions
return function(call)
  local t = {}
  for i = 1, 10000 do t[i] = 1 end
  for i = 1, 1990 do t = setmetatable({}, { __index = t }) end
  local x = table.concat(t, "", 1, 10000)
  return ANY
end
