-- outcome: target: ANY
return function(call)
  local t = { a = 1, b = 2, c = 3 }
  local n = 0
  for k in pairs(t) do n = n + 1 for other in pairs(t) do t[other] = nil end end
  assert(n == 1)
  return ANY
end
