-- outcome: memory
return function(call)
  local s = "x"
  while true do s = s .. s end
  return ANY
end
