-- outcome: error: userdata
return function(call)
  error(call)
  return ANY
end
