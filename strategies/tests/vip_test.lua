describe("vip", function()
  local vip = { ["4420"] = { customer = "Northwind", level = 10, agent = "1003" } }

  local function start(agents)
    return world { strategy = "vip", tables = { vip = vip }, agents = agents }
  end

  it("takes strangers to anybody", function()
    local call = start():call { ani = "4421", dnis = "8000" }
    assert.routed(call, ANY)
    assert.same({}, call.user_data)
  end)

  it("takes a customer to his own agent", function()
    local call = start():call { ani = "4420", dnis = "8000" }
    assert.routed(call, agent "1003")
    assert.equal("Northwind", call.user_data.customer)
    assert.snapshot(call, "vip-own-agent")
  end)

  it("goes on to anybody when his own agent does not answer", function()
    local world = start { ["1003"] = "ready", ["1005"] = "ready" }
    world:phone("7003") { rejects = true }
    local call = world:call { ani = "4420", dnis = "8000" }
    world:advance(3)
    assert.note(call, "his own agent did not take the call")
    assert.answered(call, agent "1005")
  end)

  it("waits five seconds for his own agent", function()
    local world = start { ["1003"] = "busy", ["1005"] = "ready" }
    local call = world:call { ani = "4420", dnis = "8000" }
    world:advance(4.999)
    assert.waiting(call)
    world:advance(0.001)
    assert.routed(call, agent "1005")
  end)

  it("puts customers before strangers", function()
    local world = start { ["1005"] = "busy" }
    local stranger = world:call { ani = "4421", dnis = "8000" }
    local customer = world:call { ani = "4420", dnis = "8000" }
    world:advance(6)
    world:agent("1005").call:target_hangs_up()
    assert.routed(customer, agent "1005")
    assert.waiting(stranger)
  end)
end)
