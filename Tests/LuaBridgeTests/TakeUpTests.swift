import Engine
import LuaBridge
import Testing

@Suite("Runs of an earlier process")
struct TakeUpTests {
  private static let text = """
    return function(call)
      local bits = random()
      call:wait(2)
      call:attach { bits = tostring(bits), now = tostring(call.now) }
      return dn "7001"
    end
    """

  private static func strategies(_ text: String = text) throws -> LuaStrategies {
    let file = StrategySource.File(path: "any.lua", bytes: Array(text.utf8))
    let source = StrategySource(fingerprint: "f", files: [file])
    return LuaStrategies(try Generation(source))
  }

  private static let call = ConnID(7)
  private static let context = ResumeContext(now: 5, attempts: 0)

  /// A run that has been answered once and waits.
  private static func run(_ strategies: inout LuaStrategies) throws -> StrategyRun {
    let facts = CallFacts(
      connID: call,
      uuid: CallUUID(high: 1, middle: 2, low: 3),
      ani: "4420",
      dnis: "8000",
      routingPoint: "8000"
    )
    var runs = StrategyRuns()
    runs.note(.start("any", facts), in: "f")
    runs.note(strategies.start("any", facts: facts), of: call)
    runs.note(.bits(42), context, of: call)
    runs.note(strategies.resume(call, with: .bits(42), context: context), of: call)
    return try #require(runs[call])
  }

  @Test func itGoesOnWhereItWas() throws {
    var before = try Self.strategies()
    let run = try Self.run(&before)
    var after = try Self.strategies()
    #expect(after.takeUp(run) { $0 == $1 } == Self.call)
    let then = before.resume(Self.call, with: .done, context: Self.context)
    let now = after.resume(Self.call, with: .done, context: Self.context)
    #expect(now == then)
    guard case .requested(.attach) = now else {
      Issue.record("\(now)")
      return
    }
  }

  @Test(arguments: [
    "return function(call) return ANY end",
    "return function(call) call:wait(1) end",
    "return function(call) random() call:wait(3) end",
    "return function(call) error('no') end",
  ])
  func whatDoesSomethingElseFailsAtItsNextAnswer(_ text: String) throws {
    var before = try Self.strategies()
    let run = try Self.run(&before)
    var after = try Self.strategies(text)
    #expect(after.takeUp(run) { $0 == $1 } == nil)
    #expect(after.liveCount == 0)
    let step = after.resume(Self.call, with: .done, context: Self.context)
    #expect(step == .failed(.memory))
    let again = after.resume(Self.call, with: .done, context: Self.context)
    #expect(again != .failed(.memory))
  }
}
