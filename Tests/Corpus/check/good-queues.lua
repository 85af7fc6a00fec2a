-- clean
return function(call)
  return { queue "9000", queue "9001" }
end
