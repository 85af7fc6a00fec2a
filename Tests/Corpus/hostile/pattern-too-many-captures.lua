-- outcome: error: too many captures
return function(call)
  local x = ("a"):rep(100):find(("()"):rep(100))
  return ANY
end
