-- outcome: instructions
return function(call)
  local s = ("é"):rep(100000)
  while true do local x = utf8.len(s) end
  return ANY
end
