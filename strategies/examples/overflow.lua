-- Overflow by the wait that a caller must expect: before he has waited, not after.
--
-- Up to a minute he stays with Vienna. Above, the first who is free in Vienna or Graz takes him.
-- When that would take more than five minutes, the partner does, who costs money.
local NEAR, FAR = 60, 300

-- Nobody logged in is an endless wait; `expected_wait` would reckon with one who may come.
local function wait_of(number, group)
  if agents.logged_in { group = group } == 0 then return math.huge end
  return queues[number].expected_wait
end

return function(call)
  local vienna = wait_of("9001", "vienna")
  if vienna <= NEAR then return queue "9001" end

  local shortest = math.min(vienna, wait_of("9002", "graz"))
  if shortest > FAR then return trunk("partner", "+43720880100") end
  return { queue "9001", queue "9002" }
end
