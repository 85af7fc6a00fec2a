local hours = require "lib.hours"

-- 2026-11-20 is a Friday; this is its midnight, UTC.
local FRIDAY = 1795132800
local HOUR, DAY = 3600, 86400

describe("lib.hours", function()
  it("knows intervals, a night that ends tomorrow, and days that are closed", function()
    local week = hours.week {
      ["friday-saturday"] = "08:00-12:00, 22:00-02:00", sunday = "closed", monday = "",
    }
    assert.is_true(week.open(FRIDAY + 8 * HOUR))
    assert.is_false(week.open(FRIDAY + 12 * HOUR))
    assert.is_true(week.open(FRIDAY + 23 * HOUR))
    assert.is_true(week.open(FRIDAY + DAY + 1 * HOUR))
    assert.is_false(week.open(FRIDAY + DAY + 2 * HOUR))
    assert.is_true(week.open(FRIDAY + 2 * DAY + 1 * HOUR))
    assert.is_false(week.open(FRIDAY + 2 * DAY + 9 * HOUR))
    assert.is_false(week.open(FRIDAY + 3 * DAY))
    assert.is_false(week.open(FRIDAY + 4 * DAY))
  end)

  it("counts in an offset where there is no zone", function()
    local week = hours.week { utc_offset = 60, friday = "08:00-09:00" }
    assert.is_true(week.open(FRIDAY + 7 * HOUR))
    assert.is_false(week.open(FRIDAY + 8 * HOUR))
  end)

  it("takes the hours of a holiday, by date or by day of the year", function()
    local week = hours.week { holidays = "holidays", ["monday-sunday"] = "08:00-18:00" }
    local christmas_eve = FRIDAY + 34 * DAY
    local open, name = week.open(christmas_eve + 9 * HOUR)
    assert.is_true(open)
    assert.equal("Christmas Eve", name)
    open, name = week.open(christmas_eve + 13 * HOUR)
    assert.is_false(open)
    assert.equal("Christmas Eve", name)
  end)

  it("reads the site's week from the table hours", function()
    assert.is_true(hours.open(FRIDAY + 8 * HOUR))
    assert.is_false(hours.open(FRIDAY + 11 * HOUR + 1800))
    assert.is_false(hours.open(FRIDAY + 2 * DAY + 10 * HOUR))
  end)

  cases {
    { plan = { friday = "8-18" }, problem = "opening hours look like" },
    { plan = { friday = "08:00-08:00" }, problem = "opening hours look like" },
    { plan = { friday = "08:60-09:00" }, problem = "opening hours look like" },
    { plan = { fryday = "08:00-09:00" }, problem = "do not know 'fryday'" },
    {
      plan = { friday = "08:00-09:00", ["monday-friday"] = "08:00-09:00" },
      problem = "two opening hours for friday",
    },
    { plan = { zone = "Europe/Nowhere" }, problem = "Europe/Nowhere" },
  }("says {problem}", function(case)
    assert.error_matches(function() hours.week(case.plan) end, case.problem)
  end)
end)
