-- outcome: steps
return function(call)
  while true do call:note("x") end
  return ANY
end
