-- Wrong: when nobody was free for twenty seconds, `one` is nil.
return function(call)
  local one = call:select(any { skills = "sales > 0" }, { timeout = 20 })
  call:note("for " .. one.name)
  return queue "9000"
end
