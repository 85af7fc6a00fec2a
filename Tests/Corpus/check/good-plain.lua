-- clean
return function(call)
  return ANY
end
