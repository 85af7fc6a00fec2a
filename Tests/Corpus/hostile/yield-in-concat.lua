-- outcome: target: ANY
return function(call)
  local t = setmetatable({}, { __concat = function() call:wait(1) return "x" end })
  assert(t .. 1 == "x")
  return ANY
end
