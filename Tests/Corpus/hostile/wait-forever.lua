-- outcome: error: between 0 and a year
return function(call)
  call:wait(math.huge)
  return ANY
end
