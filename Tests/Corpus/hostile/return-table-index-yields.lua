-- outcome: error: returned a table
return function(call)
  return setmetatable({}, { __index = function() call:wait(1) end })
end
