-- expect 3:24: error: unknown agent group "nigth", did you mean "night"?
return function(call)
  return any { group = "nigth" }
end
