-- clean
return function(call)
  local debug = false
  if debug then call:note("at " .. call.now) end
  return ANY
end
