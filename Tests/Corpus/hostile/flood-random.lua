-- outcome: steps
return function(call)
  for i = 1, 5000 do random() end
  return ANY
end
