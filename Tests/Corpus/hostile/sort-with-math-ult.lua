-- outcome: target: ANY
return function(call)
  local t = {}
  for i = 1, 500 do t[i] = (i * 7919) % 503 end
  table.sort(t, math.ult)
  assert(t[1] == 1 and t[500] == 502)
  return ANY
end
