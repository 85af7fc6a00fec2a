-- outcome: target: ANY
return function(call)
  local t = setmetatable({}, { __lt = function() call:wait(1) return true end })
  assert(t < t)
  return ANY
end
