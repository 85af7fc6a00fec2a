-- outcome: error: table
return function(call)
  error(setmetatable({}, { __tostring = function() while true do end end }))
  return ANY
end
