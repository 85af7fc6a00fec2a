-- What the report's test tries: gold callers first, and nobody waits longer than half a minute.
return function(call)
  if call.user_data.type == "gold" then call:priority(10) end
  local agent = call:select(ANY, { timeout = 30 })
  if agent then call:route(agent) end
  call:note("nobody in time")
  return reject(486)
end
