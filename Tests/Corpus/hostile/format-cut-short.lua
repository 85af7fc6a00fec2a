-- outcome: error: ends inside a conversion
return function(call)
  local x = string.format("%")
  return ANY
end
