-- outcome: error: width or precision
return function(call)
  local x = string.format("%99999999d", 1)
  return ANY
end
