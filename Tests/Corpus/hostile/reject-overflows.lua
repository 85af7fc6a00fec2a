-- outcome: error: between 400 and 699
return function(call)
  local x = reject(1 << 40)
  return ANY
end
