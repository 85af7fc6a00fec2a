-- outcome: error: returned a number
return function(call)
  return 7001
end
