describe("sales", function()
  it("goes to the queue when nobody can take it", function()
    local world = world { agents = { ["1001"] = "not_ready" } }
    local call = world:call { ani = "4420", dnis = "8000" }
    world:advance(20)
    assert.routed(call, queue "9000")
    assert.note(call, "nobody for sales: timeout")
    assert.equal(1, world:queue("9000").waiting)
  end)

  it("rings somebody who sells and speaks English", function()
    local world = world { answer_after = 3 }
    local call = world:call { ani = "4420", dnis = "8000" }
    assert.equal("ringing", call.state)
    assert.routed(call, agent "1003")
    world:advance(3)
    assert.answered(call, agent "1003")
    world:advance(60)
    assert.ended(call)
  end)

  it("goes on to the queue when the first agent does not answer", function()
    local world = world { agents = { ["1003"] = "ready", ["1002"] = "ready" } }
    world:phone("7003") { rings = true }
    local call = world:call { dnis = "8000" }
    world:advance(15)
    assert.note(call, "the first agent failed")
    assert.routed(call, queue "9000")
    assert.routed(call, agent "1002")
  end)
end)
