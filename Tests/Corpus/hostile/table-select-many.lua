-- outcome: instructions
return function(call)
  local x = select("#", table.unpack({}, 1, 1e7))
  return ANY
end
