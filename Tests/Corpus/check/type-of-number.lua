-- expect 3:13: error: dn expects a string, got a number: write "7001"
return function(call)
  return dn(7001)
end
