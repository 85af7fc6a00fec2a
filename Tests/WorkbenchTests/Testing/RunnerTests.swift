import LuaBridge
import Testing
import Workbench

@Suite("Strategy tests: blocks, hooks, cases")
struct RunnerTests {
  @Test("names are joined, hooks run from the outside in and back, in the order of the file")
  func hooksAndNames() {
    let report = TestBench.run(
      """
      local log = {}
      before_each(function() log[#log + 1] = "a" end)
      describe("outer", function()
        before_each(function() log[#log + 1] = "b" end)
        after_each(function() log[#log + 1] = "y" end)
        describe("inner", function()
          after_each(function() log[#log + 1] = "x" end)
          it("is first", function() log[#log + 1] = "1" end)
        end)
        it("is second", function()
          assert.equal("ab1xyab", table.concat(log))
        end)
      end)
      it("is third", function() assert.equal("ab1xyabya", table.concat(log)) end)
      """
    )
    #expect(report.results.map(\.name) == ["outer inner is first", "outer is second", "is third"])
    #expect(report.results.map(\.line) == [8, 10, 14])
    #expect(report.failures.isEmpty)
  }

  @Test("a failing test still has its after_each, and the others run")
  func afterFailure() {
    let report = TestBench.run(
      """
      local count = 0
      after_each(function() count = count + 1 end)
      it("fails", function() error("so it is") end)
      it("raises nil", function() error(nil) end)
      it("counts", function() assert.equal(2, count) end)
      """
    )
    #expect(
      report.results.map(\.outcome) == [
        .failed("tests/a_test.lua:3: so it is"),
        .failed("tests/a_test.lua:4: error object is nil"), .passed,
      ]
    )
  }

  @Test("what is only named, or gives up, is pending")
  func pending() {
    let report = TestBench.run(
      """
      it("is to be written")
      pending("is too", function() end)
      it("gives up", function() pending("no time") end)
      """
    )
    #expect(report.results.map(\.outcome) == [.pending(nil), .pending(nil), .pending("no time")])
    #expect(report.pendingCount == 3)
  }

  @Test("a table of cases makes a test of each row")
  func tables() {
    let report = TestBench.run(
      """
      for _, case in ipairs { { name = "one", n = 1 }, { name = "two", n = 2 } } do
        it("counts " .. case.name, function() assert.equal(1, case.n) end)
      end
      cases { { name = "red" }, { name = "blue" } }("likes", function(case)
        assert.equal("red", case.name)
      end)
      cases { { a = 1, b = "x" } }("takes {a} and {b}", function() end)
      """
    )
    #expect(
      report.results.map(\.name) == [
        "counts one", "counts two", "likes: red", "likes: blue", "takes 1 and x",
      ]
    )
    #expect(
      report.failures.map(\.outcome) == [
        .failed("tests/a_test.lua:2: expected 1, got 2"),
        .failed("tests/a_test.lua:5: expected \"red\", got \"blue\""),
      ]
    )
  }

  @Test("a filter runs only what contains it")
  func filter() {
    var options = TestOptions()
    options.filter = "b"
    let report = TestBench.run(
      "it('a', function() error() end) it('ab', function() end) it('c')",
      options
    )
    #expect(report.results.map(\.name) == ["ab"])
  }

  @Test("a file that does not load is one failure, at its place")
  func brokenFiles() {
    for (text, problem) in [
      ("it(\"x\", function() end", "tests/a_test.lua:1: ')' expected near <eof>"),
      ("\nit(3, function() end)", "tests/a_test.lua:2: it expects a text and a function, got 3"),
      ("world { }", "tests/a_test.lua:1: a world is possible only inside it(…)"),
      ("it('x', function() end)\nnew = 1", "tests/a_test.lua:2: no new globals: write 'local new'"),
      ("return io.open('/etc/passwd')", "tests/a_test.lua:1: attempt to index a nil value"),
    ] {
      let report = TestBench.run(text)
      #expect(report.results.count == 1)
      guard case .failed(let message)? = report.results.first?.outcome else {
        Issue.record("\(text) loads")
        continue
      }
      #expect(message.hasPrefix(problem), "\(message)")
    }
  }

  @Test("a test that never ends is ended")
  func endless() {
    let report = TestBench.run(
      """
      it("loops", function() while true do end end)
      it("resists", function() while true do pcall(function() while true do end end) end end)
      it("asks for ever", function() local world = world() while true do world:advance(0) end end)
      it("is well", function() end)
      """
    )
    #expect(
      report.results.map(\.outcome) == [
        .failed("tests/a_test.lua:1: the test used up its instructions"),
        .failed("tests/a_test.lua:2: the test used up its instructions"),
        .failed("tests/a_test.lua:3: the test asks its world too often"), .passed,
      ]
    )
  }

  @Test("what only strategies may ask is refused with a hint")
  func strategyRequests() {
    let text = TestBench.failure(in: "agents.available()")
    #expect(
      text == "tests/a_test.lua:2: this can be asked only by a strategy; a test asks its world,"
        + " as in world:queue(\"9000\").waiting"
    )
  }

  @Test("plain assertions say what was expected and what came")
  func plainAssertions() {
    for (body, expected) in [
      ("assert.equal(1, 2)", "expected 1, got 2"),
      ("assert.equal(1, 2, \"sum\")", "sum: expected 1, got 2"),
      (
        "assert.same({ a = { 1 } }, { a = { 2 }, b = \"x\\n\" })",
        "expected { a = { 1 } }, got { a = { 2 }, b = \"x\\n\" }"
      ),
      ("assert.equal(dn \"1\", queue \"1\")", "expected dn \"1\", got queue \"1\""),
      ("assert.truthy(nil)", "expected something true, got nil"),
      ("assert.falsy(0)", "expected nil or false, got 0"),
      ("assert.error_matches(function() end)", "expected an error, got none"),
      (
        "assert.error_matches(function() error(\"abc\", 0) end, \"^b\")",
        "expected an error like \"^b\", got \"abc\""
      ),
      ("assert(false, \"own words\")", "own words"),
      ("assert(nil)", "assertion failed!"),
      ("assert.nonsense(1)", "there is no assert.nonsense"),
      ("assert.routed(1, ANY)", "assert.routed expects a call of world:call { }, got 1"),
    ] {
      let text = TestBench.failure(in: body)
      let place = body.hasPrefix("assert(false") ? "tests/a_test.lua:1: " : "tests/a_test.lua:2: "
      #expect(text == place + expected, "\(body)")
    }
    for body in [
      "assert.equal(dn \"1\", dn \"1\")", "assert.same({ 1, { b = 2 } }, { 1, { b = 2 } })",
      "assert.are.equal(1, 1)", "assert.error_matches(function() error(\"abc\") end, \"b\")",
      "assert.is_nil(nil) assert.is_true(true) assert.not_equal(1, 2)",
      "assert.equal(3, assert(3))",
    ] {
      #expect(TestBench.failure(in: body) == nil, "\(body)")
    }
  }
}
