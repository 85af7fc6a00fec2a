-- expect 3:25: error: no agent of the site satisfies "english" and is not excluded
return function(call)
  return any { skills = "english", exclude = agent "1001" }
end
