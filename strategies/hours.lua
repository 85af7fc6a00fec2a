-- Opening hours: an agent while we are open, a refusal (480) while we are closed.
local hours = require "lib.hours"

local week = hours.week {
  utc_offset = 60, -- minutes east of UTC; fixed, so change it with the clocks
  monday = "08:00-18:00",
  tuesday = "08:00-18:00",
  wednesday = "08:00-18:00",
  thursday = "08:00-18:00",
  friday = "08:00-16:30",
}

return function(call)
  if not week.open(call.now) then
    call:note("closed")
    return reject(480)
  end
  return ANY
end
