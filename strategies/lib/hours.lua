-- Opening hours of a week, from seconds since the Unix epoch. No clock is read here: the call
-- brings the time along, so that a recorded call sees the same hours again.
local hours = {}

local names = { "thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday" }

-- "08:00-18:00" as two numbers of minutes.
local function span(text)
  local from_hour, from_minute, to_hour, to_minute =
    text:match("^(%d%d):(%d%d)%-(%d%d):(%d%d)$")
  if not from_hour then error("opening hours look like 08:00-18:00, not " .. text) end
  return from_hour * 60 + from_minute, to_hour * 60 + to_minute
end

-- hours.week { utc_offset = MINUTES, monday = "08:00-18:00", … }: a day that is left out is closed.
function hours.week(plan)
  local days = {}
  for index, name in ipairs(names) do
    if plan[name] then
      local from, to = span(plan[name])
      days[index] = { from = from, to = to }
    end
  end
  local week = {}
  -- Whether we are open at this moment (call.now).
  function week.open(now)
    local minutes = now // 60 + (plan.utc_offset or 0)
    -- The epoch was a Thursday.
    local day = days[minutes // 1440 % 7 + 1]
    if not day then return false end
    local minute = minutes % 1440
    return minute >= day.from and minute < day.to
  end
  return week
end

return hours
