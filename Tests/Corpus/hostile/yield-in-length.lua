-- outcome: target: ANY
return function(call)
  local t = setmetatable({}, { __len = function() call:wait(1) return 7 end })
  assert(#t == 7)
  return ANY
end
