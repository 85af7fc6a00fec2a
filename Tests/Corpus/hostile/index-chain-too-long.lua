-- outcome: error: loop
return function(call)
  local t = { 1 }
  for i = 1, 2100 do t = setmetatable({}, { __index = t }) end
  local x = t[1]
  return ANY
end
