-- outcome: error: C stack overflow
return function(call)
  local mt = {}
  mt.__concat = function(a, b) return a .. b end
  local x = setmetatable({}, mt) .. "x"
  return ANY
end
