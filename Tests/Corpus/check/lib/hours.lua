-- clean
local hours = {}

-- Whether a moment lies between eight and six, by the clock of Greenwich.
function hours.open(now)
  local hour = now // 3600 % 24
  return hour >= 8 and hour < 18
end

return hours
