-- outcome: error: loop
return function(call)
  local t = {}
  t = setmetatable(t, { __index = t })
  local x = t.missing
  return ANY
end
