-- outcome: target: ANY
return function(call)
  local s = ""
  for k in pairs { b = 1, a = 2, 3 } do s = s .. k end
  assert(s == "1ab")
  return ANY
end
