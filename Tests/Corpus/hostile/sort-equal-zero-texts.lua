-- outcome: instructions
-- Comparing two texts of zeros looks at every byte by itself.
return function(call)
  local t, zeros = {}, ("\0"):rep(262000)
  for i = 1, 2000 do t[i] = zeros end
  table.sort(t)
  return ANY
end
