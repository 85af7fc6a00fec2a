-- outcome: target: ANY
return function(call)
  local t = setmetatable({}, { __index = function() call:wait(1) return 1 end })
  assert(t.x == 1)
  return ANY
end
