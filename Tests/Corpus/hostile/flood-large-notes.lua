-- outcome: steps
return function(call)
  local text = ("x"):rep(100000)
  while true do call:note(text) end
  return ANY
end
