describe("hours", function()
  local tables = { holidays = { ["12-25"] = { name = "Christmas Day", hours = "" } } }

  -- The office keeps the time of Berlin; the 20th of November 2026 is a Friday.
  cases {
    { name = "on Friday morning", now = "2026-11-20T09:00:00Z", open = true },
    { name = "at eight sharp on Thursday", now = "2026-11-19T07:00:00Z", open = true },
    { name = "before eight", now = "2026-11-19T06:59:59Z", open = false },
    { name = "at six sharp on Thursday", now = "2026-11-19T17:00:00Z", open = false },
    { name = "before half past four on Friday", now = "2026-11-20T15:29:59Z", open = true },
    { name = "after half past four on Friday", now = "2026-11-20T15:30:00Z", open = false },
    { name = "on Saturday", now = "2026-11-21T11:00:00Z", open = false },
    { name = "at eight in summer", now = "2026-07-02T06:00:00Z", open = true },
  }("is right", function(case)
    local world = world { strategy = "hours", tables = tables, now = case.now }
    local call = world:call { dnis = "8000" }
    if case.open then
      assert.routed(call, ANY)
    else
      assert.rejected(call, 480)
      assert.equal("closed", call.notes[1])
    end
  end)

  it("knows the holidays by name", function()
    local world = world { strategy = "hours", tables = tables, now = "2026-12-25T11:00:00Z" }
    local call = world:call { dnis = "8000" }
    assert.rejected(call, 480)
    assert.note(call, "closed: Christmas Day")
  end)
end)
