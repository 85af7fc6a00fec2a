-- expect 3:37: error: call:select has no option 'timeot', did you mean 'timeout'?
return function(call)
  local target = call:select(ANY, { timeot = 20, timeout = 5 })
  return target or ANY
end
