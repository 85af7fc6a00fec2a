-- outcome: instructions
return function(call)
  tostring(setmetatable({}, { __tostring = function() while true do end end }))
  return ANY
end
