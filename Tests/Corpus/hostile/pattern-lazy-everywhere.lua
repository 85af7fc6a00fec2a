-- outcome: instructions
return function(call)
  local x = ("a"):rep(20000):find("(.-)b")
  return ANY
end
