describe("last agent", function()
  local known, new = "1", "2"
  local tables = {
    customers = {
      [known] = { customer = "Northwind", level = "10", agent = "1004" },
      [new] = { customer = "Fabrikam", level = "", agent = "" },
    },
  }

  local function start(agents) return world { agents = agents, tables = tables } end
  local function call(world, options)
    return world:call {
      ani = options.ani, dnis = "8004", user_data = { last_agent = options.last_agent },
    }
  end

  cases {
    { name = "from the table", ani = known, gets = "1004" },
    { name = "from the attached data", ani = "4420", last_agent = "1006", gets = "1006" },
    { name = "from the attached data rather than the table", ani = known, last_agent = "1006",
      gets = "1006" },
  }("takes the agent {name}", function(case)
    local call = call(start(), case)
    assert.routed(call, agent(case.gets))
    assert.same({}, call.notes)
  end)

  it("rings him even when he does no service", function()
    local call = call(start(), { ani = "4420", last_agent = "1001" })
    assert.routed(call, agent "1001")
  end)

  it("takes anybody for strangers, and attaches who that was", function()
    local call = call(start(), { ani = "4420" })
    assert.routed(call, agent "1003")
    assert.equal("1003", call.user_data.last_agent)
  end)

  it("waits ten seconds while he is busy, then takes anybody", function()
    local world = start { ["1004"] = "busy", ["1006"] = "ready" }
    local call = call(world, { ani = known })
    world:advance(9.999)
    assert.waiting(call)
    world:advance(0.001)
    assert.note(call, "agent 1004: timeout")
    assert.routed(call, agent "1006")
    assert.equal("1006", call.user_data.last_agent)
  end)

  it("reaches him when he becomes free in time", function()
    local world = start { ["1004"] = "busy", ["1006"] = "ready" }
    local call = call(world, { ani = known })
    world:advance(5)
    world:agent("1004").call:target_hangs_up()
    world:advance(2)
    assert.answered(call, agent "1004")
  end)

  cases {
    { name = "is not logged in", ani = known, note = "agent 1004: unreachable" },
    { name = "has left", ani = "4420", last_agent = "1999", note = "agent 1999: no_such_target" },
    { name = "is not known yet", ani = new },
  }("loses no time when he {name}", function(case)
    local world = start { ["1006"] = "ready" }
    local call = call(world, case)
    assert.routed(call, agent "1006")
    assert.same({ case.note }, call.notes)
  end)

  cases {
    { name = "does not answer", phone = { rings = true }, after = 15, note = "no_answer" },
    { name = "rejects the call", phone = { rejects = true }, after = 1, note = "rejected" },
  }("takes another when he {name}", function(case)
    local world = start { ["1004"] = "ready", ["1006"] = "ready" }
    world:phone("7004")(case.phone)
    local call = call(world, { ani = known })
    world:advance(case.after)
    assert.note(call, "agent 1004: " .. case.note)
    assert.routed(call, agent "1006")
  end)

  it("ends in the queue when nobody came", function()
    local world = start {}
    local call = call(world, { ani = known })
    world:advance(60)
    assert.queued(call, queue "9000")
  end)
end)
