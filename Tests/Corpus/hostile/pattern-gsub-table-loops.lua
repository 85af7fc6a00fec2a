-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __index = function() while true do end end })
  local x = ("a"):gsub("a", t)
  return ANY
end
