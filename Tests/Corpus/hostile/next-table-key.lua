-- outcome: error: has no order
return function(call)
  next({}, {})
  return ANY
end
