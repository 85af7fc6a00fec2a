-- outcome: instructions
return function(call)
  local s = ("\\"):rep(262000)
  while true do local q = string.format("%q", (s:sub(1, 100000))) end
  return ANY
end
