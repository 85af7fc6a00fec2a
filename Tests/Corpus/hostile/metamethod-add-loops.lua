-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __add = function() while true do end end })
  local x = t + 1
  return ANY
end
