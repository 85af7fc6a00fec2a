-- expect 3:25: error: no agent of the site satisfies "english" and is in the group "night"
return function(call)
  return any { skills = "english", group = "night" }
end
