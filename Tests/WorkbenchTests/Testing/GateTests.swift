import LuaBridge
import Testing
import Workbench

@Suite("Strategy tests: the gate before a new generation")
struct GateTests {
  private func verdict(
    _ tests: String,
    until isOver: @escaping @Sendable () -> Bool = { false }
  ) -> TestGate.Verdict {
    TestGate.run(TestBench.project(TestBench.any, tests: tests), until: isOver)
  }

  @Test("strategies whose tests pass may go live")
  func passes() {
    #expect(verdict("it('a', function() world():call {} end) it('b')") == .passed(count: 1))
    #expect(verdict("") == .passed(count: 0))
  }

  @Test("those whose tests fail may not, and it says which and where")
  func fails() {
    let tests = """
      it("a", function() assert.equal(1, 2) end)
      it("b", function()
        assert.waiting(world():call {})
      end)
      """
    #expect(
      verdict(tests)
        == .failed([
          LuaProblem(
            file: "tests/a_test.lua",
            line: 1,
            message: "test \"a\": expected 1, got 2"
          ),
          LuaProblem(
            file: "tests/a_test.lua",
            line: 3,
            message: "test \"b\": expected call 1 to wait at its routing point"
          ),
        ])
    )
    #expect(
      verdict("it(")
        == .failed([
          LuaProblem(
            file: "tests/a_test.lua",
            line: 1,
            message: "test \"loads\": unexpected symbol near <eof>"
          )
        ])
    )
  }

  @Test("a test that asks for ever ends at the deadline")
  func deadline() {
    final class Count: @unchecked Sendable {
      var asked = 0
    }
    let count = Count()
    let tests = """
      it("a", function() end)
      it("b", function() local w = world() while true do w:advance(1) end end)
      it("c", function() end)
      """
    let verdict = verdict(tests) {
      count.asked += 1
      return count.asked > 50
    }
    #expect(verdict == .outOfTime(after: 2))
  }
}
