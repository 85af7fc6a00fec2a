-- outcome: error: attempt to divide by zero
return function(call)
  local zero = 0
  local x = 1 // zero
  return ANY
end
