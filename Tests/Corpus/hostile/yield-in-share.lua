-- outcome: target: ANY
return function(call)
  local picked = share(setmetatable({ a = 1 }, { __index = function() call:wait(1) end }))
  assert(picked == "a")
  return ANY
end
