-- outcome: error: nothing can be asked inside a function
return function(call)
  local t = setmetatable({}, { __index = function() call:wait(1) end })
  local x = table.unpack(t, 1, 2)
  return ANY
end
