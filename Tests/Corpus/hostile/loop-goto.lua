-- outcome: instructions
return function(call)
  ::again:: goto again
  return ANY
end
