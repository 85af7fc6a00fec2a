-- outcome: error: returned a table
return function(call)
  return setmetatable({}, { __len = function() while true do end end })
end
