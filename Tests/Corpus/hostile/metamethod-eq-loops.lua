-- outcome: instructions
return function(call)
  local mt = { __eq = function() while true do end end }
  local t, u = setmetatable({}, mt), setmetatable({}, mt)
  local x = t == u
  return ANY
end
