-- outcome: instructions
return function(call)
  local s = ("x"):rep(262000)
  while true do local u = s:upper() end
  return ANY
end
