-- outcome: error: __metatable
return function(call)
  setmetatable({}, { __metatable = false })
  return ANY
end
