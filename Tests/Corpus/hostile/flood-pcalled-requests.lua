-- outcome: steps
return function(call)
  while true do pcall(call.wait, call, 1) end
  return ANY
end
