-- outcome: instructions
return function(call)
  local x = ("a"):rep(60):find((".-"):rep(7) .. "b")
  return ANY
end
