-- outcome: error: print
return function(call)
  local x = print("x")
  return ANY
end
