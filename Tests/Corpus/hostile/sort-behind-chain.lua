-- outcome: instructions
return function(call)
  local t = {}
  for i = 1, 20000 do t[i] = 1 end
  local function count() return 20000 end
  for i = 1, 1990 do
    t = setmetatable({}, { __index = t, __newindex = t, __len = count })
  end
  table.sort(t)
  return ANY
end
