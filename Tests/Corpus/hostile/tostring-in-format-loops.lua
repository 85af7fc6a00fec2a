-- outcome: instructions
return function(call)
  local mt = { __tostring = function() while true do end end }
  local x = string.format("%s", setmetatable({}, mt))
  return ANY
end
