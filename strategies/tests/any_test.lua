describe("any", function()
  it("rings the agent who has been free the longest", function()
    local world = world()
    local call = world:call { dnis = "8001" }
    assert.routed(call, ANY)
    assert.routed(call, agent "1002")
    world:advance(2)
    assert.answered(call, agent "1002")
  end)

  it("waits until somebody is free", function()
    local world = world { agents = { ["1003"] = "busy" } }
    local call = world:call { dnis = "8001" }
    world:advance(10)
    assert.waiting(call)
    world:agent("1003").call:target_hangs_up()
    assert.routed(call, agent "1003")
  end)

  it("leaves the call to the default route after thirty seconds", function()
    local world = world { agents = {} }
    local call = world:call { dnis = "8001" }
    world:advance(30)
    assert.defaulted(call, "timeout")
    assert.queued(call, queue "9000")
  end)
end)
