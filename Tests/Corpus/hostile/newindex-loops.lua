-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __newindex = function() while true do end end })
  t.x = 1
  return ANY
end
