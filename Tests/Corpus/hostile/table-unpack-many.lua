-- outcome: instructions
return function(call)
  local x = table.unpack({}, 1, 1e8)
  return ANY
end
