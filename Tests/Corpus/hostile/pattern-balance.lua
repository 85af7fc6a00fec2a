-- outcome: instructions
return function(call)
  local s = ("("):rep(100000)
  for i = 1, 100000 do local x = s:find("%b()", i) end
  return ANY
end
