-- outcome: instructions
return function(call)
  local x = ("a"):rep(26):find(("a?"):rep(26) .. ("a"):rep(26))
  return ANY
end
