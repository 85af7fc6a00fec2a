-- expect 3:55: error: unknown selection rule "longest_idel", did you mean "longest_idle"?
return function(call)
  local target = call:select(ANY, { timeout = 5, by = "longest_idel" })
  return target or queue "9000"
end
