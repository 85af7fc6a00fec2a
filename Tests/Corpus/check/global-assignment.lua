-- expect 4:3: error: assignment to global 'tries': globals are read-only, use local tries
return function(call)
  local target = any { skills = "sales" }
  tries = 1
  return target
end
