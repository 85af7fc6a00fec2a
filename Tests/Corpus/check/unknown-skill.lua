-- expect 3:40: error: unknown skill "engish", did you mean "english"?
return function(call)
  return any { skills = "sales > 2 and engish > 2" }
end
