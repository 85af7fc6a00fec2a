-- outcome: instructions
return function(call)
  local x = table.unpack({}, math.mininteger, math.maxinteger)
  return ANY
end
