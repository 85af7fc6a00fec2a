describe("test callers", function()
  local tables = {
    test_callers = {
      ["+442079460999"] = { name = "the routing team" },
      ["7001"] = { name = "Anna's desk" },
    },
  }
  local function start(agents) return world { agents = agents, tables = tables } end

  cases {
    { ani = "+442079460999", name = "the routing team" },
    { ani = "7001", name = "Anna's desk" },
  }("sends {ani} the new way", function(case)
    local call = start({ ["1002"] = "ready" }):call { ani = case.ani, dnis = "8009" }
    assert.note(call, "the new way, for " .. case.name)
    assert.waiting(call) -- as relaxing_skills has it: for the best first
  end)

  cases {
    { ani = "+442079460998" },
    { ani = "+44207946099" },
    { ani = "" },
  }("leaves '{ani}' with the old way", function(case)
    local call = start():call { ani = case.ani, dnis = "8009" }
    assert.routed(call, agent "1004") -- as language has it
    assert.same({}, call.notes)
  end)

  it("makes a test caller end where the new way ends", function()
    local world = start {}
    local call = world:call { ani = "7001", dnis = "8009" }
    world:advance(45)
    assert.queued(call, queue "9000")
  end)

  it("can be read from the table as it is", function()
    assert.falsy(world():call({ dnis = "8009" }).defaulted)
  end)

  it("needs no change of the strategy for another number", function()
    local world = world { tables = { test_callers = { ["4420"] = { name = "Ms Smith" } } } }
    assert.note(world:call { ani = "4420", dnis = "8009" }, "the new way, for Ms Smith")
    assert.same({}, world:call { ani = "7001", dnis = "8009" }.notes)
  end)

  it("takes the old way on when a phone is not answered", function()
    local world = start { ["1003"] = "ready", ["1004"] = "ready" }
    world:phone("7004") { rings = true }
    local call = world:call { ani = "+442079460998", dnis = "8009" }
    world:advance(17)
    assert.answered(call, agent "1003")
  end)
end)
