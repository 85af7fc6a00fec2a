-- outcome: error: attempt to compare
return function(call)
  local t = {}
  for i = 1, 100 do t[i] = i end
  table.sort(t, function(a, b) t[1] = nil return a < b end)
  return ANY
end
