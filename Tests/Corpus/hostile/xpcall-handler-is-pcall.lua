-- outcome: target: ANY
return function(call)
  local ok, why = xpcall(error, pcall, "x")
  assert(not ok and why == false)
  return ANY
end
