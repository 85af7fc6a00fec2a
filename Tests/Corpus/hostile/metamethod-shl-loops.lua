-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __shl = function() while true do end end })
  local x = t << 1
  return ANY
end
