-- expect 3:13: error: dn "8001" can never be reached: it is a routing point, where strategies start
return function(call)
  return dn "8001"
end
