-- outcome: target: ANY
return function(call)
  local x = "10" + 1
  assert(x == 11 and -"2" == -2 and "7" // 2 == 3)
  return ANY
end
