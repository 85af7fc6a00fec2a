describe("relaxing skills", function()
  local function call(world) return world:call { ani = "+4312345678", dnis = "8001" } end

  -- 1001 is the best, 1002 sells well enough, 1003 just sells.
  cases {
    { name = "at once to the best", free = "1001", after = 0 },
    { name = "after ten seconds to those who sell well", free = "1002", after = 10 },
    { name = "after twenty-five seconds to those who sell at all", free = "1003", after = 25 },
  }("goes {name}", function(case)
    local world = world { agents = { [case.free] = "ready" } }
    local call = call(world)
    if case.after > 0 then
      world:advance(case.after - 0.001)
      assert.waiting(call)
      world:advance(0.001)
    end
    assert.routed(call, agent(case.free))
    world:advance(2)
    assert.answered(call, agent(case.free))
  end)

  it("still takes the best who becomes free during the last step", function()
    local world = world { agents = { ["1001"] = "not_ready" } }
    local call = call(world)
    world:advance(40)
    world:agent("1001"):ready()
    assert.routed(call, agent "1001")
  end)

  it("takes the longest idle of all whom it waits for by then", function()
    local world = world { agents = { ["1001"] = "not_ready", ["1003"] = "not_ready" } }
    local call = call(world)
    world:advance(30)
    world:agent("1003"):ready()
    world:agent("1001"):ready()
    assert.routed(call, agent "1003")
  end)

  it("goes on with the next step when a phone is not answered", function()
    local world = world { agents = { ["1001"] = "ready", ["1002"] = "ready" } }
    world:phone("7001") { rings = true }
    local call = call(world)
    world:advance(15)
    assert.note(call, "step 1: no_answer")
    assert.routed(call, agent "1002")
    world:advance(2)
    assert.answered(call, agent "1002")
  end)

  it("ends in the queue when nobody came", function()
    local world = world { agents = {} }
    local call = call(world)
    world:advance(45)
    assert.queued(call, queue "9000")
    assert.same({ "step 1: timeout", "step 2: timeout", "step 3: timeout" }, call.notes)
  end)

  it("forgets a caller who hangs up", function()
    local world = world { agents = { ["1001"] = "not_ready" } }
    local call = call(world)
    world:advance(12)
    call:hangup()
    world:agent("1001"):ready()
    world:advance(60)
    assert.ended(call)
    assert.equal(0, world:agent("1001").calls_taken)
  end)
end)
