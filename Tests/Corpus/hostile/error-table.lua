-- outcome: error: table
return function(call)
  error({})
  return ANY
end
