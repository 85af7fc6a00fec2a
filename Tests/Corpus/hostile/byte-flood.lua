-- outcome: instructions
return function(call)
  local s = ("x"):rep(5000)
  while true do local x = select("#", s:byte(1, -1)) end
  return ANY
end
