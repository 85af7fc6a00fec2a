-- outcome: rejected at load: overflow
return function(call)
  return @{5000*(}ANY@{5000*)}
end
