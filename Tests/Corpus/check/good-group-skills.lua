-- clean
return function(call)
  local target = call:select({
    any { skills = "group(night) and support >= 5" },
    any { group = "sellers", exclude = { agent "1002", dn "7002" } },
  }, { timeout = 5, by = "least_occupied", virtual_queue = "9100" })
  return target or trunk("carrier", "+4420" .. call.ani)
end
