-- outcome: instructions
-- Thirty comparisons a thousand million times.
return function(call)
  table.sort(setmetatable({}, { __len = function() return 1 << 30 end }))
  return ANY
end
