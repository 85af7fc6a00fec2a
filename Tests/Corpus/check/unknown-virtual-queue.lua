-- expect 3:66: error: unknown virtual queue "9101", did you mean "9100"?
return function(call)
  local target = call:select(ANY, { timeout = 5, virtual_queue = "9101" })
  return target or queue "9000"
end
