-- outcome: error: overflow
return function(call)
  local t
  t = setmetatable({}, { __tostring = function() return tostring(t) end })
  tostring(t)
  return ANY
end
