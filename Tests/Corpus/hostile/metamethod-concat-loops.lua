-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __concat = function() while true do end end })
  local x = t .. "x"
  return ANY
end
