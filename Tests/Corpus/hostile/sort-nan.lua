-- outcome: error: invalid order function
return function(call)
  local t = {}
  for i = 1, 500 do t[i] = i % 3 == 0 and 0 / 0 or (i * 7919) % 503 end
  table.sort(t, function(a, b) return not (a >= b) end)
  return ANY
end
