import LuaBridge
import Testing
import Workbench

@Suite("Strategy tests: coverage by line and by outcome")
struct CoverageTests {
  private func coverage(
    _ strategy: String,
    files: [(path: String, text: String)] = [],
    _ body: String
  ) -> Coverage {
    var options = TestOptions()
    options.coverage = true
    let text = "it(\"runs\", function()\n\(body)\nend)"
    let report = TestBench.run(text, options, strategy: strategy, files: files)
    #expect(report.failures.isEmpty, "\(report.failures)")
    return report.coverage ?? Coverage()
  }

  private func file(_ name: String, in coverage: Coverage) -> Coverage.File? {
    coverage.files.first { $0.path == "strategies/" + name }
  }

  @Test("statements count by their own lines, whatever their shape")
  func lines() {
    let strategy = """
      local unset
      local fixed <const> = 3
      local list = {
        "a",
        "b",
      }
      local function used(n)
        return n + fixed
      end
      local function unused()
        local x = 1
        return x
      end
      return function(call)
        for _, name in ipairs(list) do
          if name == "b" then
            used(1)
          elseif name == "c" then
            used(2)
          else
            used(3)
          end
        end
        while call.attempts > 0 do
          used(4)
        end
        while true do
          break
        end
        repeat
          unset = used(
            5
          )
        until true
        goto out
        ::out::
        do
          used(6)
        end
        if call.ani == "x" then return unused() end
        return queue "9000"
      end
      """
    let result = coverage(strategy, "world():call {}")
    let s = file("s.lua", in: result)
    let numbers = s?.lines.map(\.number) ?? []
    let missing = s?.lines.filter { $0.hits == 0 }.map(\.number) ?? []
    #expect(
      numbers == [
        3, 7, 8, 10, 11, 12, 14, 15, 16, 17, 18, 19, 21, 24, 25, 31, 38, 40, 41,
      ]
    )
    #expect(missing == [11, 12, 19, 25])
  }

  @Test("hits are counted over all worlds of all tests")
  func counts() {
    let result = coverage(
      "return function(call)\n  call:note(\"x\")\n  return ANY\nend",
      "local w = world()\nw:call {}\nw:call {}\nworld():call {}"
    )
    let lines = file("s.lua", in: result)?.lines ?? []
    #expect(lines.map(\.number) == [1, 2, 3])
    #expect(lines.map(\.hits).dropFirst() == [3, 3])
  }

  @Test("a target is covered when it is returned, routed to, or what a selection gave")
  func outcomes() {
    let strategy = """
      local later = dn "7003"
      return function(call)
        if call.ani == "1" then return queue "9000" end
        if call.ani == "2" then return queue "9000" end
        if call.ani == "3" then return later end
        if call.ani == "4" then return reject(480) end
        if call.ani == "5" then return agent(call.dnis) end
        call:exclude(agent "1001")
        if agents.available(ANY) == 0 or call.ani == dn "x" then return trunk("carrier", "1") end
        local who = call:select({
          agent "1001",
          any { skills = "sales > 5" },
          any { skills = "sales > 2", exclude = agent "1001" },
          ANY,
        }, { timeout = 1 })
        if who then call:route(who) end
        call:route(dn "7003")
        return { queue "9000", queue "9001" }
      end
      """
    let result = coverage(
      strategy,
      """
      local w = world { agents = { ["1002"] = "ready" } }
      w:call { ani = "2" }:hangup()
      w:call { ani = "3" }
      w:phone("7002") { rings = true }
      w:phone("7003") { busy = true }
      w:call { ani = "9" }
      w:advance(15)
      """
    )
    let all = file("s.lua", in: result)?.outcomes ?? []
    #expect(
      all.map { "\($0.line):\($0.column) \($0.text) \($0.hits > 0)" } == [
        "1:15 dn \"7003\" true",
        "3:34 queue \"9000\" false",
        "4:34 queue \"9000\" true",
        "6:34 reject(480) false",
        "7:34 agent(…) false",
        "9:67 trunk(\"carrier\", \"1\") false",
        "11:5 agent \"1001\" false",
        "12:5 any { skills = \"sales > 5\" } false",
        "13:5 any { skills = \"sales > 2\" } true",
        "14:5 ANY false",
        "17:14 dn \"7003\" true",
        "18:12 queue \"9000\" true",
        "18:26 queue \"9001\" true",
      ]
    )
    #expect(
      result.unchosen.first
        == "strategies/s.lua:3:34: queue \"9000\" is never chosen by any test"
    )
  }

  @Test("ANY is told from ANY by the statement that it stands in")
  func anyByStatement() {
    let strategy = """
      return function(call)
        if call.ani == "1" then
          return ANY
        end
        local who = call:select {
          agent "1009",
          ANY,
        }
        return ANY
      end
      """
    let result = coverage(
      strategy.replacing("agent \"1009\"", with: "agent \"1001\""),
      "local w = world { agents = { [\"1002\"] = \"ready\" } }\nw:call { ani = \"2\" }"
    )
    let hits = file("s.lua", in: result)?.outcomes.map { "\($0.line) \($0.hits > 0)" }
    #expect(hits == ["3 false", "6 false", "7 true", "9 true"])
  }

  @Test("targets that a module makes count there, those that a name hides do not")
  func modules() {
    let module = """
      local places = {}
      function places.overflow(call) return dn "7003" end
      function places.never(call)
        local dn = tostring
        return dn "7003"
      end
      return places
      """
    let result = coverage(
      """
      local places = require "lib.places"
      return function(call) return places.overflow(call) end
      """,
      files: [("lib/places.lua", module)],
      "world():call {}"
    )
    let file = file("lib/places.lua", in: result)
    #expect(file?.outcomes.map(\.line) == [2])
    #expect(file?.outcomes.map(\.hits) == [1])
    #expect(file?.missing == [4, 5])
  }

  @Test("the table, the list and LCOV say it all, to the letter")
  func reports() {
    let strategy = """
      return function(call)
        if call.ani == "1" then
          call:note("one")
          return queue "9000"
        end
        return ANY
      end
      """
    let result = coverage(strategy, "world():call {}")
    #expect(
      result.table == """
        file               lines       outcomes       missing
        strategies/s.lua  60.0 %  3/5    50.0 %  1/2  3-4
        all               60.0 %  3/5    50.0 %  1/2
        """
    )
    #expect(
      result.unchosen == ["strategies/s.lua:4:12: queue \"9000\" is never chosen by any test"]
    )
    #expect(
      result.lcov == """
        TN:
        SF:strategies/s.lua
        BRDA:4,0,0,-
        BRDA:6,0,1,1
        BRF:2
        BRH:1
        DA:1,1
        DA:2,1
        DA:3,0
        DA:4,0
        DA:6,1
        LF:5
        LH:3
        end_of_record

        """
    )
  }

  @Test("without coverage nothing is kept")
  func off() {
    #expect(TestBench.run("it('x', function() world():call {} end)").coverage == nil)
  }
}

extension Coverage.File {
  fileprivate var missing: [Int] { lines.filter { $0.hits == 0 }.map(\.number) }
}
