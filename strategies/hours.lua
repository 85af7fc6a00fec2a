-- Opening hours: an agent while we are open, a refusal (480) while we are closed.
local hours = require "lib.hours"

local office = hours.week {
  zone = "Europe/Berlin",
  holidays = "holidays", -- data/holidays.csv
  ["monday-thursday"] = "08:00-18:00",
  friday = "08:00-16:30",
}

return function(call)
  local open, holiday = office.open(call.now)
  if not open then
    call:note("closed" .. (holiday and ": " .. holiday or ""))
    return reject(480)
  end
  return ANY
end
