describe("test_callers", function()
  cases { { ani = "+442079460999" }, { ani = "7001" } }("sends {ani} the new way", function(case)
    local world = world { strategy = "test_callers" }
    local call = world:call { ani = case.ani, dnis = "8000" }
    assert.note(call, "the new way")
    assert.routed(call, any { skills = "sales > 0" })
    assert.routed(call, agent "1003")
  end)

  it("leaves everybody else with the queue", function()
    local world = world { strategy = "test_callers" }
    local call = world:call { ani = "+442079460000", dnis = "8000" }
    assert.routed(call, queue "9000")
    assert.same({}, call.notes)
  end)
end)
