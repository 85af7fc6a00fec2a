-- outcome: error: width or precision
return function(call)
  local x = string.format("%.99999999f", 1)
  return ANY
end
