-- outcome: error: value out of range
return function(call)
  local x = string.char(300)
  return ANY
end
