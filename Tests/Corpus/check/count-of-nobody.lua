-- expect 3:34: warning: no agent of the site satisfies "support > 8": the answer is always 0
return function(call)
  if agents.available { skills = "support > 8" } > 0 then return ANY end
  return queue "9000"
end
