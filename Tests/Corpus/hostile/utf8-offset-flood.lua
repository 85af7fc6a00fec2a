-- outcome: instructions
return function(call)
  local s = ("é"):rep(100000)
  while true do local x = utf8.offset(s, 100000) end
  return ANY
end
