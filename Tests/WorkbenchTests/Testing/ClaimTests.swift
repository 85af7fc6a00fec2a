import LuaBridge
import Testing
import Workbench

@Suite("Strategy tests: what is claimed of a call, and what a failing claim says")
struct ClaimTests {
  private let strategy = """
    return function(call)
      if call.ani == "1" then return queue "9000" end
      if call.ani == "2" then return reject(486) end
      if call.ani == "3" then return trunk("carrier", "+44") end
      if call.ani == "4" then error("broken") end
      call:note("tries " .. call.ani)
      local who, why = call:select(any { skills = "sales > 5" }, { timeout = 10 })
      if who then call:route(who) end
      return dn "7003"
    end
    """

  @Test("claims that hold pass")
  func claimsHold() {
    let failure = TestBench.failure(
      in: """
        local w = world { agents = { ["1001"] = "ready", ["1002"] = "ready" } }
        local queued = w:call { ani = "1" }
        assert.routed(queued, queue "9000")
        assert.routed(queued, agent "1001")
        assert.routed(w:call { ani = "2" }, reject(486))
        assert.rejected(w:call { ani = "2" }, 486)
        assert.rejected(w:call { ani = "2" })
        assert.routed(w:call { ani = "3" }, trunk("carrier", "+44"))
        local broken = w:call { ani = "4" }
        assert.defaulted(broken)
        assert.defaulted(broken, "strategies/s.lua:5: broken")
        assert.equal("error: strategies/s.lua:5: broken", broken.reason)
        local waiting = w:call {}
        assert.waiting(waiting)
        assert.note(waiting, "tries")
        w:advance(2)
        assert.answered(queued)
        assert.answered(queued, agent "1001")
        w:advance(8)
        assert.routed(waiting, dn "7003")
        w:advance(2)
        assert.answered(waiting, dn "7003")
        w:advance(60)
        assert.ended(waiting)
        assert.events(w:call { ani = "2" }, {
          "EventQueued", "EventRouteRequest", { event = "EventRouteUsed", RouteType = 7 },
          { event = "EventReleased", ThisDN = "8000", CallState = 26 },
        })
        """,
      strategy: strategy
    )
    #expect(failure == nil)
  }

  @Test("a call follows a list of targets, returned or routed along")
  func lists() {
    let failure = TestBench.failure(
      in: """
        local w = world {}
        w:phone("7001") { busy = true }
        local returned = w:call { ani = "1" }
        w:advance(1)
        assert.routed(returned, agent "1002")
        w:phone("7002") { busy = true }
        local asked = w:call { ani = "2" }
        w:advance(1)
        assert.note(asked, "busy")
        assert.routed(asked, dn "7003")
        local last = w:call { ani = "3" }
        w:advance(1)
        assert.rejected(last, 603)
        """,
      strategy: """
        return function(call)
          if call.ani == "1" then return { dn "7001", agent "1002", queue "9000" } end
          if call.ani == "3" then return { dn "7001", reject(603) } end
          local _, why = call:route({ dn "7001", dn "7002" }, { timeout = 5 })
          call:note(why)
          return dn "7003"
        end
        """
    )
    #expect(failure == nil)
  }

  @Test("a failing claim shows where the call is and how it came there, to the letter")
  func failureToTheLetter() {
    let failure = TestBench.failure(
      in: """
        local w = world { agents = { ["1002"] = "ready" }, answer_after = 1.5 }
        local call = w:call { ani = "4420" }
        w:advance(12)
        assert.routed(call, queue "9000")
        """,
      strategy: strategy
    )
    #expect(
      failure == """
        tests/a_test.lua:5: expected call 1 to be routed to queue "9000"
          got: it talks with dn "7003"
          call 0000000000000001  from 4420 to 8000  2026-11-20T09:00:00.000000Z
               +0.000  strategy s
               +0.000  strategies/s.lua:6  note "tries 4420"
               +0.000  strategies/s.lua:7  select any { skills = "sales > 5" }, timeout 10 s
                         1002  sales 3, needs > 5
                         1001  logged out since 0 s
              +10.000  -> nil, "timeout"
              +10.000  returns dn "7003"
              +10.000  the strategy is done: 2 of 1000 requests used
              +10.000  sent to 7003 (attempt 1)
              +10.000  the phone rings
              +11.500  answered
            it is still here
        """
    )
  }

  @Test("every claim says what is so when it is not")
  func situations() {
    for (claim, expected, got) in [
      (
        "assert.routed(call, queue \"9000\")", "to be routed to queue \"9000\"",
        "it waits at routing point 8000"
      ),
      ("assert.queued(call)", "to wait in a queue", "it waits at routing point 8000"),
      (
        "assert.queued(call, queue \"9000\")", "to wait in queue \"9000\"",
        "it waits at routing point 8000"
      ),
      (
        "assert.defaulted(call, \"busy\")", "to take the default route (busy)",
        "it waits at routing point 8000"
      ),
      ("assert.rejected(call, 480)", "to be rejected with 480", "it waits at routing point 8000"),
      (
        "assert.answered(call, agent \"1001\")", "to be answered by agent \"1001\"",
        "it waits at routing point 8000"
      ),
      ("assert.ended(call)", "to be over", "it waits at routing point 8000"),
      ("assert.note(call, \"other\")", "to have the note \"other\"", "\"tries 9\""),
      (
        "call:hangup() assert.waiting(call)", "to wait at its routing point",
        "it is over: the caller hung up"
      ),
      (
        "assert.waiting(w:call { ani = \"1\" })", "to wait at its routing point",
        "it waits in queue \"9000\", at position 1"
      ),
      (
        "assert.waiting(w:call { ani = \"2\" })", "to wait at its routing point",
        "it is over: rejected with 486"
      ),
    ] {
      let text = TestBench.failure(
        in: "local w = world { agents = {} } local call = w:call { ani = \"9\" } \(claim)",
        strategy: strategy
      )
      let lines = (text ?? "").split(separator: "\n").map(String.init)
      let number = claim.contains("w:call") ? 2 : 1
      #expect(lines.first == "tests/a_test.lua:2: expected call \(number) \(expected)", "\(claim)")
      #expect(lines.dropFirst().first == "  got: \(got)", "\(claim)")
    }
  }

  @Test("events are compared in order, by what is written")
  func events() {
    for (wanted, expected) in [
      (
        "\"EventQueued\", \"EventReleased\"",
        "event 2 of the call: expected EventReleased, got EventRouteRequest"
      ),
      (
        "{ event = \"EventQueued\", ThisDN = \"8001\" }",
        "event 1 of the call: EventQueued: expected ThisDN \"8001\", got \"8000\""
      ),
      ("\"EventQueued\"", "event 2 of the call: expected no further event, got EventRouteRequest"),
      (
        "\"EventQueued\", \"EventRouteRequest\", { event = \"EventRinging\" }",
        "event 3 of the call: expected EventRinging, got no further event"
      ),
    ] {
      let text = TestBench.failure(
        in: "local c = world { agents = {} }:call { } assert.events(c, { \(wanted) })",
        strategy: strategy
      )
      #expect(
        text?.hasPrefix("tests/a_test.lua:2: \(expected)\nits events:\n") == true,
        "\(wanted)"
      )
    }
  }

  @Test("a snapshot is written when asked for, and compared line by line")
  func snapshots() {
    final class Store: @unchecked Sendable {
      var files: [String: String] = [:]
    }
    let store = Store()
    let keeper = TestProject.Snapshots(
      read: { store.files[$0] },
      write: { path, text in
        store.files[path] = text
        return true
      }
    )
    func run(_ ani: String, updating: Bool = false) -> TestReport {
      var options = TestOptions()
      options.updatesSnapshots = updating
      let tests = """
        it("is kept", function()
          assert.snapshot(world { agents = {} }:call { ani = "\(ani)" }, "kept-so")
        end)
        """
      return TestRunner.run(
        TestBench.project(strategy, tests: tests, snapshots: keeper),
        options
      )
    }
    let path = "tests/snapshots/kept-so.txt"
    let missing = "tests/a_test.lua:2: there is no snapshot \(path): --update-snapshots writes it"
    #expect(run("1").results.map(\.outcome) == [.failed(missing)])
    let written = run("1", updating: true)
    #expect(written.results.map(\.outcome) == [.passed])
    #expect(written.snapshotsWritten == [path])
    #expect(run("1").results.map(\.outcome) == [.passed])
    #expect(run("1", updating: true).snapshotsWritten.isEmpty)
    #expect(
      run("2").results.map(\.outcome) == [
        .failed(
          """
          tests/a_test.lua:2: the record is not that of \(path) (--update-snapshots accepts it):
            - call 0000000000000001  from 1 to 8000  2026-11-20T09:00:00.000000Z
            + call 0000000000000001  from 2 to 8000  2026-11-20T09:00:00.000000Z
                   +0.000  strategy s
            -      +0.000  returns queue "9000"
            +      +0.000  returns reject(486)
                   +0.000  the strategy is done: 0 of 1000 requests used
            -      +0.000  waits in queue 9000
            -                1001  logged out since 0 s
            -                1002  logged out since 0 s
            -   it is still here
            +      +0.000  refused with 486
          """
        )
      ]
    )
  }
}
