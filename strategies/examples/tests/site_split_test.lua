describe("site split", function()
  -- Everybody is busy, so calls stay where they were sent; gives how many went to each target.
  local function send(agents, count)
    local world = world { agents = agents }
    local counts = { ["9001"] = 0, ["9002"] = 0, partner = 0 }
    local history = {}
    for number = 1, count do
      local call = world:call { dnis = "8005" }
      counts[call.target.name] = counts[call.target.name] + 1
      history[number] = { ["9001"] = counts["9001"], ["9002"] = counts["9002"] }
    end
    return counts, history
  end

  cases {
    { name = "all are there", agents = { ["1004"] = "busy", ["1005"] = "busy" },
      counts = { ["9001"] = 60, ["9002"] = 30, partner = 10 }, of = 100 },
    { name = "Graz is closed", agents = { ["1004"] = "busy" },
      counts = { ["9001"] = 60, ["9002"] = 0, partner = 10 }, of = 70 },
    { name = "Vienna is closed", agents = { ["1005"] = "busy" },
      counts = { ["9001"] = 0, ["9002"] = 30, partner = 10 }, of = 40 },
    { name = "both are closed", agents = {},
      counts = { ["9001"] = 0, ["9002"] = 0, partner = 5 }, of = 5 },
  }("is exact when {name}", function(case)
    assert.same(case.counts, (send(case.agents, case.of)))
  end)

  it("is never a whole call away from its shares", function()
    local _, history = send({ ["1004"] = "busy", ["1005"] = "busy" }, 137)
    for number, counts in ipairs(history) do
      assert(math.abs(counts["9001"] - 0.6 * number) < 1, "Vienna after call " .. number)
      assert(math.abs(counts["9002"] - 0.3 * number) < 1, "Graz after call " .. number)
    end
  end)

  it("says which site took no part", function()
    local call = world { agents = { ["1004"] = "busy" } }:call { dnis = "8005" }
    assert.note(call, "nobody in graz")
  end)

  it("has an agent of the site answer", function()
    local world = world { agents = { ["1004"] = "ready" } }
    local call = world:call { dnis = "8005" }
    assert.routed(call, queue "9001")
    world:advance(2)
    assert.answered(call, agent "1004")
  end)

  it("takes the next agent of the site when a phone is not answered", function()
    local world = world { agents = { ["1003"] = "ready", ["1004"] = "ready" } }
    world:phone("7003") { rings = true }
    local call = world:call { dnis = "8005" }
    world:advance(17)
    assert.answered(call, agent "1004")
  end)

  it("takes the default route when the partner is out of reach", function()
    local world = world { agents = {} }
    world:phone("partner") { unreachable = true }
    local call = world:call { dnis = "8005" }
    world:advance(1)
    assert.defaulted(call)
    assert.queued(call, queue "9000")
  end)
end)
