-- outcome: error: true
return function(call)
  error(true)
  return ANY
end
