-- outcome: error: value out of range
return function(call)
  local x = utf8.char(1 << 40)
  return ANY
end
