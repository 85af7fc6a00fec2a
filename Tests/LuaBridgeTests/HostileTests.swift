import Engine
import LuaBridge
import Testing

/// Scripts that misbehave, each with what becomes of it: a call is lost to none of them.
@Suite("Hostile strategies")
struct HostileTests {
  private static let limits: Limits = {
    var limits = Limits()
    limits.strategyInstructionsMax = 200_000
    limits.strategyMemoryGrowthMax = 1 << 20
    return limits
  }()

  private static let good = "return function(call) return dn \"7001\" end"

  /// What one run of a script in a new generation showed.
  private struct Run: Equatable {
    var step: StrategyStep
    var requests: Int
    var work: Int64
  }

  /// Runs a script, another call's strategy, and the script again, in one generation.
  private static func run(_ script: HostileScript, budget: LuaStrategies.Budget) throws -> Run {
    var bench = try Workbench(
      ["s.lua": script.source, "good.lua": good],
      limits: limits,
      budget: budget
    )
    bench.strategies.collect()
    let before = bench.strategies.generations[0].byteCount
    let first = bench.run()
    let result = Run(
      step: first,
      requests: bench.requests.count,
      work: bench.strategies.workOfLastStep
    )
    #expect(bench.run("good", Workbench.facts(2)) == .finished(.dn("7001")))
    // A coroutine is kept for the next call: what ended on it must not show there.
    let again = bench.run("s", Workbench.facts(3))
    if script.outcome.isBudget {
      #expect(again == .failed(.instructions) || again == .failed(.memory), "again: \(again)")
    } else {
      #expect(again == first)
    }
    #expect(bench.run("good", Workbench.facts(4)) == .finished(.dn("7001")))
    #expect(bench.strategies.liveCount == 0)
    bench.strategies.collect()
    let left = bench.strategies.generations[0].byteCount - before
    #expect(left < 64 << 10, "\(left) bytes are left")
    return result
  }

  @Test func theCorpusIsThere() {
    #expect(HostileScript.all.count >= 250)
  }

  @Test(
    .timeLimit(.minutes(15)),
    arguments: HostileScript.all.filter {
      if case .rejectedAtLoad = $0.outcome { false } else { true }
    }
  )
  func endsAsWrittenDownEveryTime(_ script: HostileScript) throws {
    let first = try Self.run(script, budget: .counted)
    #expect(script.outcome.matches(first.step), "\(first.step)")
    #expect(try Self.run(script, budget: .counted) == first)
  }

  @Test(
    .timeLimit(.minutes(15)),
    arguments: HostileScript.all.filter {
      if case .rejectedAtLoad = $0.outcome { false } else { true }
    }
  )
  func aWatchedStepEndsToo(_ script: HostileScript) throws {
    // What ends by itself ends the same way however slow the machine is.
    let allowed: Int64 = script.outcome.isBudget ? 10 : 20_000
    let run = try Self.run(script, budget: .watched(milliseconds: allowed))
    if script.outcome.isBudget {
      #expect(run.step == .failed(.instructions) || run.step == .failed(.memory), "\(run.step)")
    } else {
      #expect(script.outcome.matches(run.step), "\(run.step)")
    }
  }

  @Test(
    .timeLimit(.minutes(15)),
    arguments: HostileScript.all.filter {
      if case .rejectedAtLoad = $0.outcome { true } else { false }
    }
  )
  func isRejectedWithAWord(_ script: HostileScript) throws {
    guard case .rejectedAtLoad(let part) = script.outcome else { return }
    for _ in 0..<2 {
      let problems =
        #expect(throws: LoadFailure.self) {
          _ = try Workbench.generation(["s.lua": script.source], limits: Self.limits)
        }?.problems ?? []
      #expect(problems.contains { $0.message.contains(part) }, "\(problems)")
    }
  }

  @Test func aHoarderLeavesRoomForOthers() throws {
    var limits = Limits()
    limits.strategyMemoryMax = 8 << 20
    let hoarder = """
      return function(call)
        local t = {}
        for i = 1, 5000 do t[i] = { i } end
        call:wait(60)
        return #t
      end
      """
    var bench = try Workbench(["s.lua": hoarder, "good.lua": Self.good], limits: limits)
    var steps: [StrategyStep] = []
    for number: UInt64 in 10..<60 {
      steps.append(bench.strategies.start("s", facts: Workbench.facts(number)))
    }
    #expect(steps.contains(.failed(.memory)))
    #expect(steps.first == .requested(.wait(.seconds(60))))
    for number in 100..<200 {
      #expect(bench.run("good", Workbench.facts(UInt64(number))) == .finished(.dn("7001")))
    }
    for number in 10..<60 { bench.strategies.cancel(Workbench.facts(UInt64(number)).connID) }
    #expect(bench.run("s", Workbench.facts(300)) != .failed(.memory))
  }

  @Test func generationsComeAndGoWithoutALeak() throws {
    let before = Generation.byteCountEverywhere
    for number in 0..<1_000 {
      let file = ["s.lua": "return function(call) call:wait(\(number)) return ANY end"]
      var bench = try Workbench(file)
      _ = bench.strategies.start("s", facts: Workbench.facts())
      bench.strategies.install(try Workbench.generation(file, fingerprint: "\(number)"))
      bench.strategies.cancel(Workbench.facts().connID)
      #expect(bench.strategies.generations.count == 1)
    }
    // Other tests hold generations of their own meanwhile; a leak would be a thousand times one.
    #expect(Generation.byteCountEverywhere - before < 50 << 20)
  }

  /// An error out of a hook leaves a coroutine without hooks: it must not serve the next call.
  @Test("The budget holds for the next calls too")
  func budgetOfTheNextCall() throws {
    var bench = try Workbench("return function(call) while true do end end", limits: Self.limits)
    for number in 1...3 {
      let facts = Workbench.facts(UInt64(number))
      #expect(bench.strategies.start("s", facts: facts) == .failed(.instructions))
    }
  }

  @Test func aCallStaysOnItsGeneration() throws {
    var bench = try Workbench("return function(call) call:wait(1) return dn \"1\" end")
    let first = Workbench.facts(1)
    _ = bench.strategies.start("s", facts: first)
    bench.strategies.install(
      try Workbench.generation(
        ["s.lua": "return function(call) return dn \"2\" end"],
        fingerprint: "new"
      )
    )
    #expect(bench.strategies.start("s", facts: Workbench.facts(2)) == .finished(.dn("2")))
    #expect(bench.strategies.generations.count == 2)
    let step = bench.strategies.resume(first.connID, with: .done, context: first.context)
    #expect(step == .finished(.dn("1")))
    #expect(bench.strategies.generations.map(\.fingerprint) == ["new"])
  }
}
