-- outcome: error: has no order
return function(call)
  for k in pairs { [{}] = 1 } do end
  return ANY
end
