describe("opening hours", function()
  -- 8006 is Vienna's number, 8016 London's. The tables stand here, so that who changes the files
  -- changes the hours and not the outcome of the tests.
  local tables = {
    hours = {
      zone = { value = "Europe/Vienna" },
      holidays = { value = "holidays_at" },
      ["monday-thursday"] = { value = "08:00-12:00, 13:00-17:30" },
      friday = { value = "08:00-15:00" },
    },
    holidays_at = {
      ["10-26"] = { name = "Nationalfeiertag", hours = "" },
      ["12-24"] = { name = "Heiliger Abend", hours = "08:00-12:00" },
    },
    holidays_gb = { ["2026-04-03"] = { name = "Good Friday", hours = "" } },
  }
  local function start(options)
    options.tables = tables
    return world(options)
  end

  cases {
    { name = "Vienna on Friday morning", at = "8006", now = "2026-11-20T09:00:00Z", open = true },
    { name = "Vienna at noon", at = "8006", now = "2026-11-19T11:00:00Z" },
    { name = "Vienna at one", at = "8006", now = "2026-11-19T12:00:00Z", open = true },
    { name = "Vienna at eight in winter", at = "8006", now = "2026-11-19T07:00:00Z", open = true },
    { name = "Vienna at eight in summer", at = "8006", now = "2026-07-16T06:00:00Z", open = true },
    { name = "Vienna at seven in winter", at = "8006", now = "2026-11-19T06:59:59Z" },
    { name = "Vienna on Friday after three", at = "8006", now = "2026-11-20T14:00:00Z" },
    { name = "Vienna on Saturday", at = "8006", now = "2026-11-21T10:00:00Z" },
    { name = "Vienna on a holiday", at = "8006", now = "2026-10-26T10:00:00Z",
      holiday = "Nationalfeiertag" },
    { name = "Vienna on the morning of Christmas Eve", at = "8006", now = "2026-12-24T08:00:00Z",
      open = true },
    { name = "Vienna on the afternoon of Christmas Eve", at = "8006",
      now = "2026-12-24T13:00:00Z", holiday = "Heiliger Abend" },
    { name = "London at eight", at = "8016", now = "2026-11-20T08:00:00Z" },
    { name = "London at nine", at = "8016", now = "2026-11-20T09:00:00Z", open = true },
    { name = "London on Austria's holiday", at = "8016", now = "2026-10-26T10:00:00Z",
      open = true },
    { name = "London on Saturday night", at = "8016", now = "2026-11-21T23:00:00Z", open = true },
    { name = "London on Sunday at half past one", at = "8016", now = "2026-11-22T01:30:00Z",
      open = true },
    { name = "London on Sunday at two", at = "8016", now = "2026-11-22T02:00:00Z" },
    { name = "London on Good Friday", at = "8016", now = "2026-04-03T10:00:00Z",
      holiday = "Good Friday" },
  }("are right: {name}", function(case)
    local world = start { now = case.now }
    local call = world:call { dnis = case.at }
    if case.open then
      assert.routed(call, queue "9000")
      return
    end
    assert.note(call, "closed: " .. (case.holiday or "after hours"))
    local heard = case.holiday and "closed_holiday" or "closed"
    assert.equal(heard, call.treatment:match '([%w_]+)"?$')
    world:advance(5)
    assert.routed(call, dn "voicemail")
  end)

  it("can be read from the files as they are", function()
    for _, number in ipairs { "8006", "8016" } do
      assert.falsy(world():call({ dnis = number }).defaulted)
    end
  end)

  it("keep a caller who comes a second before the end", function()
    local world = start { now = "2026-11-20T13:59:59Z", agents = { ["1004"] = "busy" } }
    local call = world:call { dnis = "8006" }
    world:advance(60)
    assert.queued(call, queue "9000")
  end)

  it("reach the voicemail where nothing can be played", function()
    local call = start { now = "2026-11-21T10:00:00Z", treatments = false }:call { dnis = "8006" }
    assert.routed(call, dn "voicemail")
  end)

  it("refuse the call when the voicemail is out of service", function()
    local world = start { now = "2026-11-21T10:00:00Z" }
    world:dn("voicemail"):out_of_service()
    local call = world:call { dnis = "8006" }
    world:advance(5)
    assert.rejected(call, 480)
  end)

  it("take the next agent when a phone is not answered", function()
    local world = start { agents = { ["1003"] = "ready", ["1004"] = "ready" } }
    world:phone("7003") { rings = true }
    local call = world:call { dnis = "8006" }
    world:advance(17)
    assert.answered(call, agent "1004")
  end)

  -- Such a mistake fails the reload, and the generation before it goes on.
  cases {
    { friday = "8-18", problem = "opening hours look like" },
    { fryday = "08:00-18:00", problem = "do not know 'fryday'" },
    { zone = "Europe/Vienne", problem = "Europe/Vienne" },
  }("say at once when a plan is wrong: {problem}", function(case)
    local hours = require "lib.hours"
    local plan = { zone = case.zone, friday = case.friday, fryday = case.fryday }
    assert.error_matches(function() hours.week(plan) end, case.problem)
  end)
end)
