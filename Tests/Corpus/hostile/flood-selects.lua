-- outcome: steps
return function(call)
  while true do call:select(ANY, { timeout = 0 }) end
  return ANY
end
