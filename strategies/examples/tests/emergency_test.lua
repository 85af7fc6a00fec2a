describe("emergency", function()
  -- Each test brings its own table. One that asked data/emergency.json would fail as soon as the
  -- line is closed, and a server whose reloads are guarded by these tests would refuse to close it.
  local function start(rows, treatments, agents)
    return world { tables = { emergency = rows }, treatments = treatments, agents = agents }
  end
  local function call(world) return world:call { dnis = "8010" } end
  local closed = { closed = true, reason = "fire alarm", announcement = "emergency" }

  it("changes nothing while the line is open", function()
    local call = call(start { all = { closed = false } })
    assert.routed(call, agent "1004") -- as language has it
    assert.same({}, call.notes)
  end)

  cases {
    { name = "the whole site", row = "all" },
    { name = "this routing point", row = "8010" },
  }("closes {name}", function(case)
    local world = start { [case.row] = closed }
    local call = call(world)
    assert.note(call, "emergency: fire alarm")
    assert.truthy(call.treatment:find "emergency")
    world:advance(5)
    assert.rejected(call, 503)
  end)

  cases {
    { name = "another routing point is closed", rows = { ["8001"] = closed } },
    { name = "only this one is open", rows = { all = closed, ["8010"] = { closed = false } } },
    { name = "the file is empty", rows = {} },
  }("stays open when {name}", function(case)
    assert.routed(call(start(case.rows)), agent "1004")
  end)

  it("sends callers to the voicemail when the file says so", function()
    local row = { closed = true, reason = "storm", announcement = "emergency", voicemail = true }
    local world = start { all = row }
    local call = call(world)
    world:advance(5)
    assert.routed(call, dn "voicemail")
  end)

  it("refuses the call when the voicemail is busy", function()
    local row = { closed = true, reason = "storm", announcement = "emergency", voicemail = true }
    local world = start { all = row }
    world:phone("voicemail") { busy = true }
    local call = call(world)
    world:advance(6)
    assert.rejected(call, 503)
  end)

  it("closes where nothing can be played, too", function()
    assert.rejected(call(start({ all = closed }, false)), 503)
  end)

  it("needs nothing but the flag", function()
    local world = start { all = { closed = true } }
    local call = call(world)
    assert.note(call, "emergency: no reason given")
    world:advance(5)
    assert.rejected(call, 503)
  end)

  it("takes the usual way on when a phone is not answered", function()
    local world = start({}, true, { ["1003"] = "ready", ["1004"] = "ready" })
    world:phone("7004") { rings = true }
    local call = call(world)
    world:advance(17)
    assert.answered(call, agent "1003")
  end)
end)
