-- outcome: error: userdata
return function(call)
  error(ANY)
  return ANY
end
