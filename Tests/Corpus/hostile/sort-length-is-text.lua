-- outcome: error: object length is not an integer
return function(call)
  table.sort(setmetatable({}, { __len = function() return "many" end }))
  return ANY
end
