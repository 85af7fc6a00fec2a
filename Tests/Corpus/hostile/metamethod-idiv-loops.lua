-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __idiv = function() while true do end end })
  local x = 1 // t
  return ANY
end
