-- outcome: error: returned a function
return function(call)
  return function() end
end
