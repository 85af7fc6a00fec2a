describe("overflow", function()
  -- A call takes 90 seconds as long as nothing else is known; one agent, so each in line is 90 s.
  local function calls(world, count)
    local list = {}
    for number = 1, count do list[number] = world:call { dnis = "8007" } end
    return list[count]
  end

  it("stays in Vienna while somebody is free there", function()
    local call = calls(world { agents = { ["1004"] = "ready", ["1005"] = "ready" } }, 1)
    assert.routed(call, queue "9001")
    assert.routed(call, agent "1004")
  end)

  cases {
    { name = "Vienna is busy", agents = { ["1004"] = "busy", ["1005"] = "busy" } },
    { name = "Vienna is closed", agents = { ["1005"] = "busy" } },
    { name = "Vienna is busy and Graz closed", agents = { ["1004"] = "busy" } },
  }("waits for both when {name}", function(case)
    local call = calls(world { agents = case.agents }, 1)
    assert.queued(call, queue "9001")
    assert.queued(call, queue "9002")
  end)

  cases {
    { name = "Vienna", free = "1004" },
    { name = "Graz", free = "1005" },
  }("is taken by the first who is free, in {name}", function(case)
    local world = world { agents = { ["1004"] = "busy", ["1005"] = "busy" } }
    local call = calls(world, 1)
    world:advance(10)
    world:agent(case.free).call:target_hangs_up()
    world:advance(2)
    assert.answered(call, agent(case.free))
  end)

  it("leaves no ticket behind in the other queue", function()
    local world = world { agents = { ["1004"] = "busy", ["1005"] = "busy" } }
    calls(world, 1)
    world:agent("1005").call:target_hangs_up()
    world:advance(2)
    assert.equal(0, world:queue("9001").waiting)
  end)

  it("goes to the partner when it would take more than five minutes", function()
    local world = world { agents = { ["1004"] = "busy", ["1005"] = "busy" } }
    assert.queued(calls(world, 3), queue "9001") -- would wait 270 s
    assert.routed(calls(world, 1), trunk("partner", "+43720880100"))
  end)

  it("goes to the partner when both are closed", function()
    assert.routed(calls(world { agents = {} }, 1), trunk("partner", "+43720880100"))
  end)

  it("takes the next agent when a phone is not answered", function()
    local world = world { agents = { ["1003"] = "ready", ["1004"] = "ready" } }
    world:phone("7003") { rings = true }
    local call = calls(world, 1)
    world:advance(17)
    assert.answered(call, agent "1004")
  end)

  it("takes the default route when the partner is busy", function()
    local world = world { agents = {} }
    world:phone("partner") { busy = true }
    local call = calls(world, 1)
    world:advance(1)
    assert.defaulted(call)
    assert.queued(call, queue "9000")
  end)
end)
