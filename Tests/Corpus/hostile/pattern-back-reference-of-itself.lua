-- outcome: error: invalid capture index
return function(call)
  local x = ("aa"):find("(a%1)")
  return ANY
end
