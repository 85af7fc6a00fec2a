-- outcome: error: loop
return function(call)
  local t = {}
  local mt = {}
  mt.__newindex = setmetatable(t, mt)
  t.x = 1
  return ANY
end
