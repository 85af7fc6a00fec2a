-- outcome: target: ANY
return function(call)
  table.sort(setmetatable({}, { __len = function() return -5 end }))
  return ANY
end
