-- outcome: error: call:select expects at least one target
return function(call)
  call:select(setmetatable({}, { __len = function() return 1e6 // 1 | 0 end }))
  return ANY
end
