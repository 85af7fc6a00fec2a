-- outcome: instructions
return function(call)
  local n = math.maxinteger
  while n ~= 0 do n = n * 3 + 1 end
  return ANY
end
