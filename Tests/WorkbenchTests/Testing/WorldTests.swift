import LuaBridge
import Testing
import Workbench

@Suite("Strategy tests: the world, calls, agents, phones")
struct WorldTests {
  private func passes(
    _ body: String,
    strategy: String = TestBench.any,
    files: [(path: String, text: String)] = [],
    _ location: SourceLocation = #_sourceLocation
  ) {
    let failure = TestBench.failure(in: body, strategy: strategy, files: files)
    #expect(failure == nil, sourceLocation: location)
  }

  @Test("without a word everybody is ready, and phones are answered after two seconds")
  func defaults() {
    passes(
      """
      local world = world()
      local call = world:call {}
      assert.equal("ringing", call.state)
      assert.equal("1001", call.agent)
      assert.equal(dn "7001", call.target)
      world:advance(1.999)
      assert.equal("ringing", call.state)
      world:advance(0.001)
      assert.equal("talking", call.state)
      assert.equal("busy", world:agent("1001").state)
      assert.equal(2, call.waited)
      world:advance(60)
      assert.equal("ended", call.state)
      assert.equal("ready", world:agent("1001").state)
      assert.equal(62, world.elapsed)
      """
    )
  }

  @Test("agents that a world names are all that there are")
  func agents() {
    passes(
      """
      local w = world { agents = { ["1002"] = "not_ready" } }
      assert.equal("not_ready", w:agent("1002").state)
      assert.equal("logged_out", w:agent("1001").state)
      w:agent("1001"):login():ready()
      assert.equal("ready", w:agent("1001").state)
      assert.error_matches(function() w:agent("1001"):login("7009") end, 'agent "1001"')
      w = world { agents = { others = "ready", ["1001"] = { state = "ready", dn = "7003" } } }
      assert.equal("7003", w:agent("1001").dn)
      assert.equal("ready", w:agent("1002").state)
      w = world { agents = { ["1001"] = "busy", ["1002"] = "out_of_service" } }
      assert.equal("busy", w:agent("1001").state)
      local call = w:call { dnis = "8000" }
      assert.waiting(call)
      w:dn("7002"):in_service()
      assert.routed(call, agent "1002")
      """
    )
  }

  @Test(
    "a phone does as it is told",
    arguments: [
      ("busy = true", "busy"), ("rejects = true", "rejected"), ("rings = true", "no_answer"),
      ("unreachable = true", "unreachable"),
    ]
  )
  func phones(options: String, reason: String) {
    passes(
      """
      local world = world { agents = { ["1001"] = "ready" } }
      world:phone("7001") { \(options) }
      local call = world:call {}
      world:advance(15)
      assert.note(call, "\(reason)")
      assert.queued(call, queue "9000")
      assert.equal(1, call.position)
      """,
      strategy: """
        return function(call)
          local who = call:select(ANY, { timeout = 5 })
          local _, why = call:route(who)
          call:note(why)
          return queue "9000"
        end
        """
    )
  }

  @Test("a strategy, a table, a time, a seed and a wrap-up can be the test's own")
  func options() {
    passes(
      """
      local w = world {
        strategy = "other", now = "2030-01-02T03:04:05Z", seed = 7, wrap_up = 10,
        tables = { vip = { ["1"] = { tier = "gold, and \\"more\\"" }, ["2"] = { level = 3 } } },
      }
      assert.equal(1893553445.0, w.now)
      local call = w:call { ani = "1", headers = { ["X-Note"] = "hello" } }
      assert.same({ 'gold, and "more"', "", "hello" }, call.notes)
      assert.rejected(call, 480)
      assert.equal(480, call.status)
      assert.equal("3", w:call { ani = "2" }.notes[1])
      """,
      files: [
        (
          "other.lua",
          """
          return function(call)
            local row = table_lookup("vip", call.ani)
            call:note(row.tier or row.level)
            call:note(call:header("None") or "")
            call:note(call:header("x-note") or "")
            return reject(480)
          end
          """
        ),
        ("data/vip.csv", "ani,tier\n9,lead\n"),
      ]
    )
  }

  @Test("callers hang up, lose patience, bring data, attach data")
  func callers() {
    passes(
      """
      local world = world { agents = {} }
      local patient = world:call { patience = 20, user_data = { a = 1 } }
      local other = world:call { ani = "55", uuid = "0123456789ABCDEFGHIJKLMNOPQRSTUV" }
      assert.same({ a = "1" }, patient.user_data)
      patient:attach { b = "2" }
      assert.equal("2", patient.user_data.b)
      assert.equal("55", other.ani)
      other:hangup()
      assert.ended(other)
      world:advance(20)
      assert.ended(patient)
      assert.equal("EventAbandoned", patient.events[4].event)
      """
    )
  }

  @Test("treatments are given, answered, refused, and time out")
  func treatments() {
    let strategy = """
      return function(call)
        local digits, why = call:treat { collect = { digits = 1, timeout = 8 } }
        call:note(digits == nil and why or "typed " .. digits)
        call:treat { music = "hold" }
        return queue "9000"
      end
      """
    passes(
      """
      local w = world { agents = {} }
      local call = w:call {}
      assert.equal("collect 1 digits, timeout 8 s", call.treatment)
      call:answer_treatment { digits = "5" }
      assert.note(call, "typed 5")
      local late = w:call {}
      w:advance(8)
      assert.note(late, "typed ")
      local failing = w:call {}
      failing:answer_treatment { fails = "no tones" }
      assert.note(failing, "no tones")
      local none = world { agents = {}, treatments = false }:call {}
      assert.note(none, "there is no media server")
      """,
      strategy: strategy
    )
  }

  @Test("queues tell how they stand")
  func queues() {
    passes(
      """
      local world = world { agents = {} }
      local first = world:call { dnis = "9000" }
      world:advance(3)
      local second = world:call { dnis = "9000" }
      local q = world:queue("9000")
      assert.equal(2, q.waiting)
      assert.equal(3, q.oldest_wait)
      assert.equal(2, second.position)
      world:agent("1002"):login():ready()
      assert.equal(1, q.waiting)
      assert.equal(0, q.available)
      world:advance(2)
      assert.answered(first, agent "1002")
      """
    )
  }

  @Test("a site can be the test's own table")
  func ownSite() {
    passes(
      """
      local world = world {
        site = {
          sip = { listen = { "udp:127.0.0.1:5060" }, domain = "x", trusted = {} },
          extensions = { ["71"] = { contact = "sip:71@127.0.0.1" } },
          agents = { ["11"] = { extension = "71" } },
          queues = { ["90"] = { name = "q" } },
          routing_points = { ["80"] = { strategy = "s", default = { "queue:90" } } },
        },
      }
      assert.routed(world:call { dnis = "80" }, agent "11")
      """
    )
  }

  @Test("what cannot be is an error at its line")
  func mistakes() {
    for (body, expected) in [
      ("world { agnts = {} }", "world does not know 'agnts'"),
      ("world { agents = { [\"1009\"] = \"ready\" } }", "world: the site has no agent \"1009\""),
      ("world { strategy = \"none\" }", "world: there is no strategy \"none\" in strategies"),
      (
        "world { now = \"today\" }",
        "world: now expects a time such as \"2026-11-20T09:00:00Z\""
      ),
      (
        "world():call { dnis = \"1\" }",
        "world:call: the site has no DN \"1\"; routing points: \"8000\""
      ),
      ("world():call { patience = \"x\" }", "world:call: patience expects seconds, got \"x\""),
      ("world():advance(-1)", "world:advance expects seconds, got -1"),
      ("local c = world():call {} local x = c.sate", "a call does not know 'sate'"),
      ("world():phone(\"1\") { busy = true }", "the site has no extension or trunk \"1\""),
      ("world():phone(\"7001\") { bsy = true }", "world:phone does not know 'bsy'"),
      ("world():agent(\"1\"):ready()", "the site has no agent \"1\""),
      ("local n = world():queue(\"1\").waiting", "the site has no queue \"1\""),
      ("world():call {}:answer_treatment {}", "no treatment is given to this call"),
    ] {
      #expect(
        TestBench.failure(in: body) == "tests/a_test.lua:2: \(expected)",
        "\(body)"
      )
    }
  }

  @Test("strategies that do not load fail the test with every problem")
  func brokenStrategies() {
    let text = TestBench.failure(in: "world()", strategy: "return 1")
    #expect(
      text == "tests/a_test.lua:2: the strategies do not load:\n"
        + "strategies/s.lua: a strategy returns a function of the call"
    )
  }
}
