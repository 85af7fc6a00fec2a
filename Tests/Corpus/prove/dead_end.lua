-- Wrong: the mailbox may be out of service, and then there is nothing behind it.
return function(call)
  local one = call:select(any { skills = "sales > 0" }, { timeout = 20 })
  if one then call:route(one) end
  return dn "7900"
end
