-- Opening hours of two numbers in two countries, each with its own clock and its own holidays.
--
-- Vienna's are in data/hours.csv, so that who changes them needs no Lua. London's stand here.
local hours = require "lib.hours"

local london = hours.week {
  zone = "Europe/London",
  holidays = "holidays_gb", -- data/holidays_gb.csv
  ["monday-friday"] = "09:00-17:30",
  saturday = "22:00-02:00", -- until two o'clock on Sunday
}

return function(call)
  local office = call.routing_point == "8016" and london or hours
  local open, holiday = office.open(call.now)
  if open then return queue "9000" end

  call:note("closed: " .. (holiday or "after hours"))
  call:treat { announce = holiday and "closed_holiday" or "closed" }
  call:route(dn "voicemail") -- comes back only when it failed
  return reject(480)
end
