-- outcome: instructions
return function(call)
  local mt = {}
  local t = setmetatable({}, mt)
  mt.__close = function() while true do end end
  local held <close> = t
  while true do end
  return ANY
end
