-- outcome: error: between 0 and a year
return function(call)
  call:wait(-1)
  return ANY
end
