-- outcome: error: loop
return function(call)
  local a, b = {}, {}
  setmetatable(a, { __index = b })
  setmetatable(b, { __index = a })
  local x = a.missing
  return ANY
end
