-- outcome: memory
return function(call)
  local t, s = {}, ("k"):rep(10000)
  for i = 1, 1e9 do t[s .. i] = true end
  return ANY
end
