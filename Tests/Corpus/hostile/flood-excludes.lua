-- outcome: steps
return function(call)
  for i = 1, 5000 do call:exclude(dn(tostring(i))) end
  return ANY
end
