describe("emergency", function()
  local function start(rows, treatments)
    return world { tables = { emergency = rows }, treatments = treatments }
  end
  local function call(world) return world:call { dnis = "8010" } end
  local closed = { closed = true, reason = "fire alarm", announcement = "emergency" }

  it("changes nothing as the file is shipped", function()
    local call = call(world())
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
    { name = "nothing is closed", rows = { all = { closed = false } } },
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
    local world = world { agents = { ["1003"] = "ready", ["1004"] = "ready" } }
    world:phone("7004") { rings = true }
    local call = call(world)
    world:advance(17)
    assert.answered(call, agent "1003")
  end)
end)
