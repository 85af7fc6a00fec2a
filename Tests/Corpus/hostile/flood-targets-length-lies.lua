-- outcome: error: at most 64 targets
return function(call)
  call:select(setmetatable({}, { __len = function() return 1e6 // 1 | 0 end }))
  return ANY
end
