-- outcome: error: '__tostring' must return a string
return function(call)
  tostring(setmetatable({}, { __tostring = function() return {} end }))
  return ANY
end
