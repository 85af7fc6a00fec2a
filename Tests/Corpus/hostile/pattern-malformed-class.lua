-- outcome: error: missing ']'
return function(call)
  local x = ("a"):find("[%")
  return ANY
end
