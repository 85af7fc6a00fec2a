-- outcome: error: attempt to call a table value
return function(call)
  local t = {}
  for i = 1, 250 do t = setmetatable({}, { __call = t }) end
  t()
  return ANY
end
