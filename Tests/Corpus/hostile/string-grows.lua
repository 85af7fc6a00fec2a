-- outcome: instructions
return function(call)
  local s = ""
  while true do s = s .. "x" end
  return ANY
end
