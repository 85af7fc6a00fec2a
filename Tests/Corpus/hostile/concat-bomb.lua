-- outcome: memory
return function(call)
  local t = {}
  for i = 1, 1000 do t[i] = ("x"):rep(1000) end
  local x = table.concat(t, ("y"):rep(100000))
  return ANY
end
