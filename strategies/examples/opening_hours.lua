-- Opening hours of two numbers in two countries, each with its own clock and its own holidays.
local hours = require "lib.hours"

local vienna = hours.week {
  zone = "Europe/Vienna",
  holidays = "holidays_at", -- data/holidays_at.csv
  ["monday-thursday"] = "08:00-12:00, 13:00-17:30",
  friday = "08:00-15:00",
}

local london = hours.week {
  zone = "Europe/London",
  holidays = "holidays_gb",
  ["monday-friday"] = "09:00-17:30",
  saturday = "22:00-02:00", -- the changing of the systems: until two o'clock on Sunday
}

return function(call)
  local week = call.routing_point == "8016" and london or vienna
  local open, holiday = week.open(call.now)
  if open then return queue "9000" end

  call:note("closed: " .. (holiday or "after hours"))
  call:treat { announce = holiday and "closed_holiday" or "closed" }
  return dn "voicemail"
end
