-- outcome: instructions
return function(call)
  for x in function() return 1 end do end
  return ANY
end
