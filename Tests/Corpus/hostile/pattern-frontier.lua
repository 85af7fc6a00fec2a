-- outcome: error: missing '['
return function(call)
  local x = ("a"):find("%f")
  return ANY
end
