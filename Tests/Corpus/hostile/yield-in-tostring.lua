-- outcome: error: nothing can be asked inside a function
return function(call)
  tostring(setmetatable({}, { __tostring = function() call:wait(1) return "x" end }))
  return ANY
end
