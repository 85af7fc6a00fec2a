-- Skills that relax with time: first who is best for the call, then, step by step, who can do it.
--
-- Selections add up: what an earlier step waited for stays. So a step says only who comes in
-- addition, and an expert who becomes free during the last step still gets the call.
local steps = {
  { who = any { skills = "sales >= 8 and english >= 5" }, seconds = 10 },
  { who = any { skills = "sales >= 5 and english > 0" }, seconds = 15 },
  { who = any { skills = "sales > 0" }, seconds = 20 },
}

return function(call)
  call:treat { music = "hold" }

  for number, step in ipairs(steps) do
    local who, why = call:select(step.who, { timeout = step.seconds })
    if who then who, why = call:route(who) end -- comes back only when it failed
    call:note("step " .. number .. ": " .. why)
  end

  return queue "9000"
end
