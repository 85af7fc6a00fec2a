-- Opening hours: a week in a time zone, and holidays from a table.
--
-- No clock is read here: the call brings the time along (call.now), so that a recorded call sees
-- the same hours again.
--
--   local office = hours.week {
--     zone = "Europe/Berlin",                -- or utc_offset = MINUTES, which knows no summer time
--     holidays = "holidays",                 -- strategies/data/holidays.csv
--     ["monday-thursday"] = "08:00-12:00, 13:00-18:00",
--     friday = "08:00-16:30",
--     saturday = "22:00-02:00",              -- until two o'clock on Sunday
--   }
--   if not office.open(call.now) then return reject(480) end
--
-- A day that is left out is closed. A row of the holidays' table has the date as its key
-- (2026-12-25, or 12-25 for every year) and may have `hours` (nothing: closed) and a `name`.
local hours = {}

local day_names = {
  "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
}

local number_of = {}
for number, name in ipairs(day_names) do number_of[name] = number end

local DAY = 1440 -- minutes

local function minutes(hour, minute)
  hour, minute = tonumber(hour), tonumber(minute)
  return hour and minute < 60 and hour * 60 + minute or DAY + 1
end

-- "08:00-12:00, 13:00-18:00" as pairs of minutes; past midnight the second is beyond 1440.
local function intervals(text)
  local list = {}
  if text == "" or text == "closed" then return list end
  for part in (text .. ","):gmatch("([^,]*),") do
    local h1, m1, h2, m2 = part:match("^%s*(%d%d):(%d%d)%s*%-%s*(%d%d):(%d%d)%s*$")
    local from, to = minutes(h1, m1), minutes(h2, m2)
    if from >= DAY or to > DAY or from == to then
      error("opening hours look like 08:00-12:00, 13:00-18:00, not like " .. text)
    end
    if to < from then to = to + DAY end
    list[#list + 1] = { from = from, to = to }
  end
  return list
end

-- The days of "friday" or of "friday-monday"; nil: the text names none.
local function days_of(text)
  local first, last = text:match("^(%a+)%-(%a+)$")
  first, last = number_of[first or text], number_of[last or text]
  if not first or not last then return nil end
  local list = { first }
  while list[#list] ~= last do list[#list + 1] = list[#list] % 7 + 1 end
  return list
end

local settings = { zone = true, utc_offset = true, holidays = true }

local function plan_days(plan)
  local days = {}
  for key, text in pairs(plan) do
    local numbers = days_of(key)
    if not numbers and not settings[key] then
      error("opening hours do not know '" .. key .. "'; days are monday or monday-friday")
    end
    for _, number in ipairs(numbers or {}) do
      if days[number] then error("two opening hours for " .. day_names[number]) end
      days[number] = intervals(text)
    end
  end
  return days
end

-- A week; see the head of this file.
function hours.week(plan)
  local days = plan_days(plan)
  local zone = plan.zone or "UTC"
  local shift = (plan.utc_offset or 0) * 60
  -- An unknown zone is an error now, not when the first call comes.
  local week = { zone = local_time(zone, 0) and zone }

  local function holiday(date)
    if not plan.holidays then return nil end
    return table_lookup(plan.holidays, date) or table_lookup(plan.holidays, date:sub(6))
  end

  -- What is open on the day of a local time, and the row of the holiday that says so.
  local function day(time)
    local row = holiday(time.date)
    if row then return intervals(row.hours or ""), row end
    return days[time.wday] or {}, nil
  end

  -- Whether we are open at this moment; and the name of the holiday, if today is one.
  function week.open(now)
    local time = local_time(zone, now + shift)
    local minute = time.hour * 60 + time.minute
    local list, row = day(time)
    local name = row and (row.name ~= "" and row.name or time.date)
    for _, span in ipairs(list) do
      if minute >= span.from and minute < span.to then return true, name end
    end
    -- The day before, from its noon: whatever the clocks did in between, that is yesterday.
    local yesterday = day(local_time(zone, now + shift - minute * 60 - 43200))
    for _, span in ipairs(yesterday) do
      if minute + DAY < span.to then return true, name end
    end
    return false, name
  end

  return week
end

-- The week that a table describes: a row for each day or range of days, and `zone`, `holidays`;
-- each with its text in the column `value`.
function hours.from_table(name)
  local plan = {}
  local keys = { "zone", "holidays" }
  for _, first in ipairs(day_names) do
    keys[#keys + 1] = first
    for _, last in ipairs(day_names) do keys[#keys + 1] = first .. "-" .. last end
  end
  for _, key in ipairs(keys) do
    local row = table_lookup(name, key)
    if row then plan[key] = row.value end
  end
  return hours.week(plan)
end

local found, site = pcall(hours.from_table, "hours")

-- Whether the site is open, by the table `hours` (strategies/data/hours.csv).
function hours.open(now)
  if not found then error(site, 2) end
  return site.open(now)
end

return hours
