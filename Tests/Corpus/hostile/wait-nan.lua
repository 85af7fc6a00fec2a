-- outcome: error: between 0 and a year
return function(call)
  call:wait(0 / 0)
  return ANY
end
