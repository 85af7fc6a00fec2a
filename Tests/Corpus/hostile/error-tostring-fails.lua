-- outcome: error: table
return function(call)
  error(setmetatable({}, { __tostring = function() error("again") end }))
  return ANY
end
