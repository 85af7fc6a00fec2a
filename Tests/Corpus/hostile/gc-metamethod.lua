-- outcome: error: __gc
return function(call)
  local t = setmetatable({}, { __gc = function() end })
  return ANY
end
