-- outcome: instructions
return function(call)
  local zeros = ("\0"):rep(1000)
  local a, b = zeros .. "a", zeros .. "a"
  while true do local x = a < b end
  return ANY
end
