-- outcome: memory
return function(call)
  local t = {}
  for i = 1, 1024 do t[i] = ("x"):rep(262000) .. i end
  return ANY
end
