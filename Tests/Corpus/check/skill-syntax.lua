-- expect 3:35: error: skill expression: a whole number expected
return function(call)
  return any { skills = "sales >= high" }
end
