-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __index = function() while true do end end })
  t = t.x
  return ANY
end
