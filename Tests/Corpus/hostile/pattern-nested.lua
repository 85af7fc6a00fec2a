-- outcome: error: pattern too complex
return function(call)
  local x = ("a"):rep(1000):match(("a?"):rep(185))
  return ANY
end
