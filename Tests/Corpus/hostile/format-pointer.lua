-- outcome: error: '%p' is not available
return function(call)
  local x = string.format("%p", {})
  return ANY
end
