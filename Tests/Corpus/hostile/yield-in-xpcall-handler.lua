-- outcome: error: nothing can be asked
return function(call)
  local ok, why = xpcall(error, function() call:wait(1) end, "x")
  assert(not ok)
  call:note("handled")
  error("nothing can be asked: " .. type(why), 0)
  return ANY
end
