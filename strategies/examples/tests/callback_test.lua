describe("callback", function()
  local known = "+4312345678"

  -- Two wait already, for one agent who is busy: whoever comes now would wait 270 s.
  local function long_line()
    local world = world { agents = { ["1004"] = "busy" } }
    world:phone("7004") { talk = 36000 }
    world:call { dnis = "9000" }
    world:call { dnis = "9000" }
    return world
  end
  local function call(world, ani)
    return world:call { ani = ani or known, dnis = "8008" }
  end
  local function accept(world)
    local call = call(world)
    call:answer_treatment { digits = "1" }
    world:advance(5)
    return call
  end

  it("offers nothing while the wait is short", function()
    local world = world { agents = { ["1004"] = "busy" } }
    assert.queued(call(world), queue "9000")
  end)

  it("offers a call back when the wait is long", function()
    local call = call(long_line())
    assert.waiting(call)
    assert.truthy(call.treatment:find "callback_offer")
  end)

  it("promises it to whoever accepts, and lets him go", function()
    local call = accept(long_line())
    assert.rejected(call, 480)
    assert.equal(known, call.user_data.callback)
  end)

  cases {
    { name = "types something else", answer = { digits = "2" } },
    { name = "types nothing", answer = {} },
    { name = "cannot be played anything", answer = { fails = "no media" } },
  }("queues a caller who {name}", function(case)
    local call = call(long_line())
    call:answer_treatment(case.answer)
    assert.queued(call, queue "9000")
  end)

  it("queues a caller who says nothing for eight seconds", function()
    local world = long_line()
    local call = call(world)
    world:advance(8)
    assert.queued(call, queue "9000")
  end)

  it("gives him his place back", function()
    local world = long_line()
    accept(world)
    local later = call(world, "+4399")
    later:answer_treatment {}
    assert.equal(3, later.position)

    world:advance(600)
    local again = call(world)
    assert.note(again, "back in his old place")
    assert.equal(3, again.position)
    assert.equal(4, later.position)
  end)

  it("gives it back once only", function()
    local world = long_line()
    accept(world)
    call(world)
    local third = call(world)
    assert.same({}, third.notes)
    assert.waiting(third)
  end)

  it("forgets it after four hours", function()
    local world = long_line()
    accept(world)
    world:advance(4 * 3600 + 1)
    local again = call(world)
    assert.same({}, again.notes)
  end)

  it("keeps no place for a caller who hangs up during the offer", function()
    local world = long_line()
    call(world):hangup()
    world:advance(60)
    assert.same({}, call(world).notes)
  end)

  it("makes no offer to a caller without a number", function()
    assert.queued(call(long_line(), ""), queue "9000")
  end)

  it("takes the next agent when a phone is not answered", function()
    local world = world { agents = { ["1003"] = "ready", ["1004"] = "ready" } }
    world:phone("7003") { rings = true }
    local call = call(world)
    world:advance(17)
    assert.answered(call, agent "1004")
  end)
end)
