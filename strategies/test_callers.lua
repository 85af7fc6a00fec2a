-- Only our own test calls take the new way; everybody else notices nothing.
local test_callers = {
  ["+442079460999"] = true,
  ["7001"] = true,
}

return function(call)
  if test_callers[call.ani] then
    call:note("the new way")
    return any { skills = "sales > 0" }
  end
  return queue "9000"
end
