-- clean
return function(call)
  local options = { timeout = 5 }
  options.priority = 3
  local wanted = "sales > " .. (call.attempts + 2)
  local target = call:select(any { skills = wanted }, options)
  if not target then return dn(call.user_data.number or "7001") end
  return target
end
