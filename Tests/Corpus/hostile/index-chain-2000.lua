-- outcome: instructions
-- One instruction that walks two thousand tables.
return function(call)
  local t = { 1 }
  for i = 1, 1990 do t = setmetatable({}, { __index = t }) end
  while true do local x = t[1] end
  return ANY
end
