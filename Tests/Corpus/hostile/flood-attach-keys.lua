-- outcome: error: at most 128 pairs
return function(call)
  local t = {}
  for i = 1, 1000 do t["k" .. i] = "x" end
  call:attach(t)
  return ANY
end
