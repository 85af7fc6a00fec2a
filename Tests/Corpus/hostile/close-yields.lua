-- outcome: target: ANY
-- A handler may ask, where the block ends by itself.
return function(call)
  local mt = {}
  local t = setmetatable({}, mt)
  mt.__close = function() call:note("closing") end
  do local held <close> = t end
  return ANY
end
