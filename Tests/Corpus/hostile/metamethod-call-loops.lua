-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __call = function() while true do end end })
  local x = t()
  return ANY
end
