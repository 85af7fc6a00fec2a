-- outcome: error: invalid capture index
return function(call)
  local x = ("a"):find("%1")
  return ANY
end
