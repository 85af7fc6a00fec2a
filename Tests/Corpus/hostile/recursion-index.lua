-- outcome: error: overflow
return function(call)
  local t
  t = setmetatable({}, { __index = function(_, k) return t[k] end })
  local x = t.x
  return ANY
end
