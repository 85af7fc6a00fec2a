-- expect 3:47: error: timeout of call:select expects a number, got a string
return function(call)
  local target = call:select(ANY, { timeout = "20" })
  return target or queue "9000"
end
