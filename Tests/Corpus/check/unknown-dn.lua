-- expect 3:13: error: unknown dn "7009", did you mean "7001"?
return function(call)
  return dn "7009"
end
