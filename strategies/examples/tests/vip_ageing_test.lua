describe("VIP and ageing", function()
  -- Level 10 is worth 300 seconds, as `priority_aging = 30` in the site file says.
  local customers = {
    ["1"] = { customer = "Northwind", level = "10", agent = "" },
    ["2"] = { customer = "Contoso", level = "5", agent = "" },
    ["3"] = { customer = "Fabrikam", level = "many", agent = "" },
  }

  -- One agent who is busy; those who call are in line one behind the other.
  local function busy_world()
    return world { agents = { ["1004"] = "busy" }, tables = { customers = customers } }
  end
  local function next_of(world)
    world:agent("1004").call:target_hangs_up()
  end

  cases {
    { name = "passes those who came just before", behind = 0, passes = true },
    { name = "passes those who came less than five minutes before", behind = 299, passes = true },
    { name = "does not pass those who came more than five minutes before", behind = 301 },
  }("a customer {name}", function(case)
    local world = busy_world()
    world:phone("7004") { talk = 3600 }
    local first = world:call { ani = "0", dnis = "8003" }
    world:advance(case.behind)
    local customer = world:call { ani = "1", dnis = "8003" }
    next_of(world)
    assert.routed(case.passes and customer or first, agent "1004")
    assert.waiting(case.passes and first or customer)
  end)

  it("puts the higher level before the lower one", function()
    local world = busy_world()
    local small = world:call { ani = "2", dnis = "8003" }
    local big = world:call { ani = "1", dnis = "8003" }
    next_of(world)
    assert.routed(big, agent "1004")
    assert.waiting(small)
  end)

  it("treats a level that is no number as that of everybody else", function()
    local world = busy_world()
    local first = world:call { ani = "0", dnis = "8003" }
    local strange = world:call { ani = "3", dnis = "8003" }
    next_of(world)
    assert.routed(first, agent "1004")
    assert.waiting(strange)
    assert.equal("Fabrikam", strange.user_data.customer)
  end)

  it("takes everybody at once while agents are free", function()
    local call = world { agents = { ["1006"] = "ready" } }:call { ani = "0", dnis = "8003" }
    assert.routed(call, agent "1006")
    assert.same({}, call.user_data)
  end)

  it("goes to the next agent, and keeps its place, when a phone is not answered", function()
    local world = world {
      agents = { ["1004"] = "ready", ["1005"] = "busy" }, tables = { customers = customers },
    }
    world:phone("7004") { rings = true }
    local call = world:call { ani = "1", dnis = "8003" }
    world:advance(15)
    local later = world:call { ani = "0", dnis = "8003" }
    world:agent("1005").call:target_hangs_up()
    assert.routed(call, agent "1005")
    assert.waiting(later)
  end)

  it("leaves the call to the queue when nobody came for a quarter of an hour", function()
    local world = world { agents = {} }
    local call = world:call { dnis = "8003" }
    world:advance(900)
    assert.defaulted(call, "timeout")
    assert.queued(call, queue "9000")
  end)
end)
