-- outcome: instructions
return function(call)
  pcall(function() while true do end end)
  call:note("never reached")
  call:attach { reached = true }
  error("reached")
  return ANY
end
