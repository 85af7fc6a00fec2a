-- outcome: error: at most 64 targets
return function(call)
  local t = {}
  for i = 1, 10000 do t[i] = ANY end
  call:select(t)
  return ANY
end
