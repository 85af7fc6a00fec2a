-- outcome: error: attempt to index a nil value
return function(call)
  getmetatable("").__index = nil
  return ANY
end
