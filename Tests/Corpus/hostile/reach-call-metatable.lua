-- outcome: target: ANY
return function(call)
  assert(getmetatable(call) == nil and getmetatable(ANY) == nil)
  return ANY
end
