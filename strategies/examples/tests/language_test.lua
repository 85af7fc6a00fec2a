describe("language", function()
  -- 1004 speaks English, 1003 and 1006 German, 1005 Hungarian; all four do service.
  cases {
    { name = "German from Austria", ani = "+4312345678", gets = "1003" },
    { name = "German from Germany", ani = "+4930123456", gets = "1003" },
    { name = "Hungarian from Hungary", ani = "+3612345678", gets = "1005" },
    { name = "English from anywhere else", ani = "+442079460000", gets = "1004" },
    { name = "English without a number", ani = "", gets = "1004" },
    { name = "what a menu asked for", ani = "+4312345678", said = "hungarian", gets = "1005" },
  }("speaks {name}", function(case)
    local call = world():call {
      ani = case.ani, dnis = "8002", user_data = { language = case.said },
    }
    assert.routed(call, agent(case.gets))
  end)

  it("tells the agent which language it is", function()
    local call = world():call { ani = "+3612345678", dnis = "8002" }
    assert.equal("hungarian", call.user_data.language)
  end)

  it("waits twenty seconds for somebody who speaks it, then takes anybody", function()
    local world = world { agents = { ["1004"] = "ready", ["1005"] = "busy" } }
    local call = world:call { ani = "+3612345678", dnis = "8002" }
    world:advance(19.999)
    assert.waiting(call)
    world:advance(0.001)
    assert.note(call, "hungarian: timeout")
    assert.routed(call, agent "1004")
  end)

  it("gives the call to whoever speaks it when he is free in time", function()
    local world = world { agents = { ["1004"] = "ready", ["1005"] = "busy" } }
    local call = world:call { ani = "+3612345678", dnis = "8002" }
    world:advance(10)
    world:agent("1005").call:target_hangs_up()
    assert.routed(call, agent "1005")
  end)

  cases {
    { name = "nobody here speaks it", ani = "+3612345678" },
    { name = "no agent has ever spoken it", ani = "+4312345678", said = "klingon" },
  }("does not wait when {name}", function(case)
    local world = world { agents = { ["1004"] = "ready" } }
    local call = world:call {
      ani = case.ani, dnis = "8002", user_data = { language = case.said },
    }
    assert.note(call, "nobody here speaks " .. (case.said or "hungarian"))
    assert.routed(call, agent "1004")
  end)

  it("goes on to anybody when the phone is not answered", function()
    local world = world { agents = { ["1004"] = "ready", ["1005"] = "ready" } }
    world:phone("7005") { rings = true }
    local call = world:call { ani = "+3612345678", dnis = "8002" }
    world:advance(17)
    assert.note(call, "hungarian: no_answer")
    assert.answered(call, agent "1004")
  end)

  it("takes the default route when nobody does service for two minutes", function()
    local world = world { agents = {} }
    local call = world:call { dnis = "8002" }
    world:advance(120)
    assert.defaulted(call, "timeout")
    assert.queued(call, queue "9000")
  end)
end)
