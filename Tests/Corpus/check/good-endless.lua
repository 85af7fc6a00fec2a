-- clean
return function(call)
  while true do
    local target = call:select(any { skills = "sales > 2" }, { timeout = 10 })
    if target and call:route(target, { timeout = 8 }) == "rejected" then call:exclude(target) end
    call:treat { music = "hold" }
  end
end
