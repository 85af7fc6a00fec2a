-- outcome: error: after
return function(call)
  local ok, why = xpcall(error, function() error("again") end)
  assert(not ok)
  error("after " .. type(why))
  return ANY
end
