-- outcome: error: whole number
return function(call)
  call:priority(math.maxinteger)
  return ANY
end
