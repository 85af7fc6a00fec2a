-- outcome: target: dn 7001
return function(call)
  local t = { dn "7001" }
  for i = 2, 10000 do t[i] = i end
  return table.unpack(t)
end
