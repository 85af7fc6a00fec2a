-- Wrong: when the agent's phone refuses, the function ends without a target.
return function(call)
  local one = call:select(any { skills = "sales > 0" }, { timeout = 20 })
  if not one then return queue "9000" end
  call:route(one)
  call:note("he did not take it")
end
