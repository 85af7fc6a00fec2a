-- outcome: target: ANY
-- A finalizer that is put in place too late is none.
return function(call)
  local mt = {}
  for i = 1, 100 do setmetatable({}, mt) end
  mt.__gc = function() while true do end end
  for i = 1, 10000 do local t = { i } end
  return ANY
end
