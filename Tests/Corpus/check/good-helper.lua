-- clean
local function tell(c, text)
  c:note(text)
  return c
end

return function(call)
  tell(call, "hello")
  return ANY
end
