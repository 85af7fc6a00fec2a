-- outcome: memory
return function(call)
  local s = ("x"):rep(200000)
  s = s:gsub("", ("y"):rep(1000))
  return ANY
end
