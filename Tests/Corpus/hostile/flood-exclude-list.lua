-- outcome: error: more than 63 targets
return function(call)
  local t = {}
  for i = 1, 1000 do t[i] = dn(tostring(i)) end
  call:select(any { exclude = t })
  return ANY
end
