-- outcome: error: returned a string
return function(call)
  return "7001"
end
