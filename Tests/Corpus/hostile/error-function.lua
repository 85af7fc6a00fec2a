-- outcome: error: function
return function(call)
  error(error)
  return ANY
end
