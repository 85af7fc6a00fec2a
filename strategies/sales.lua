-- Sales: somebody who sells and speaks English, for twenty seconds; then the queue.
return function(call)
  local wanted = any { skills = "sales >= 5 and english > 2" }

  local agent, why = call:select(wanted, { timeout = 20 })
  if agent then
    call:route(agent) -- comes back only when it failed: busy, no_answer, rejected, unreachable
    call:note("the first agent failed")
  else
    call:note("nobody for sales: " .. why)
  end

  return queue "9000" -- the wall: from here the call leaves to an agent of the queue, in order
end
