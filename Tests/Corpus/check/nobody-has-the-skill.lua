-- expect 3:25: error: no agent of the site satisfies "sales > 7": this target can never be chosen (
return function(call)
  return any { skills = "sales > 7" }
end
