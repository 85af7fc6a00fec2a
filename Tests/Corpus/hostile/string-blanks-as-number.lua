-- outcome: instructions
return function(call)
  local s = (" "):rep(5000) .. "1"
  while true do local x = s + 1 end
  return ANY
end
