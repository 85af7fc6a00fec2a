-- outcome: target: ANY
-- A loop up to the largest integer ends: Lua counts before it loops.
return function(call)
  local n = 0
  for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end
  assert(n == 2)
  return ANY
end
