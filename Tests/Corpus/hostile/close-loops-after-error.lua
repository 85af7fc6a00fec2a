-- outcome: error: x
-- The handler runs when the coroutine is given back, where no step is watched.
return function(call)
  local mt = {}
  local t = setmetatable({}, mt)
  mt.__close = function() while true do end end
  local held <close> = t
  call:wait(1)
  error("x")
  return ANY
end
