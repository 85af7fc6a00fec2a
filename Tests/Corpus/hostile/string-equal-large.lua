-- outcome: instructions
return function(call)
  local a, b = ("x"):rep(100000) .. "a", ("x"):rep(100000) .. "a"
  local n = 0
  while true do if a == b then n = n + 1 end end
  return ANY
end
