-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __lt = function() while true do end end })
  local x = t < t
  return ANY
end
