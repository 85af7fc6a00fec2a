-- outcome: error: pattern too long
return function(call)
  local x = ("a"):find(("a?"):rep(100000))
  return ANY
end
