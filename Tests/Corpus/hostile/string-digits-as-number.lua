-- outcome: instructions
return function(call)
  local s = ("9"):rep(5000)
  while true do local x = tonumber(s) end
  return ANY
end
