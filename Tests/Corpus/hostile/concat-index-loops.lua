-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __index = function() while true do end end })
  local x = table.concat(t, "", 1, 10)
  return ANY
end
