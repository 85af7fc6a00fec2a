-- outcome: error: __pairs
return function(call)
  for _ in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end
  return ANY
end
