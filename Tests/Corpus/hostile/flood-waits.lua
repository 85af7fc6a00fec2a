-- outcome: steps
return function(call)
  while true do call:wait(0) end
  return ANY
end
