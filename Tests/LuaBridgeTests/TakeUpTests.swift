import Engine
import LuaBridge
import Testing
import Wire

@Suite("Suspended strategies are taken up again from what they were given")
struct TakeUpTests {
  private struct Missing: Error, CustomStringConvertible { let description = "not at hand" }

  private static func old(_ fingerprint: String) throws -> LuaStrategies.OldGeneration {
    guard let index = ["g0", "g1", "g2"].firstIndex(of: fingerprint) else { throw Missing() }
    return LuaStrategies.OldGeneration(try LuaFloor.generation(index), number: 10 + index)
  }

  /// A shard in another process: nothing but bytes is taken along.
  private func restored(
    _ state: [UInt8],
    _ runs: [UInt8]
  ) throws -> Shard<LuaStrategies> {
    let state = try Packed.value(EngineState.self, from: state)
    let runs = try Packed.value(StrategyRuns.self, from: runs)
    let index = try #require(["g0", "g1", "g2"].firstIndex(of: state.strategies))
    var strategies = LuaStrategies(
      try LuaFloor.generation(index),
      limits: LuaFloor.plan.limits
    )
    let lost = strategies.takeUp(runs, load: Self.old)
    var shard = Shard(
      engine: try RoutingEngine(plan: LuaFloor.plan, epoch: LuaFloor.epoch, restoring: state),
      strategies: strategies,
      runs: runs
    )
    shard.keepsSteps = true
    #expect(lost == [])
    return shard
  }

  @Test(
    "At any moment: the same steps, commands and events from there on",
    .timeLimit(.minutes(10)),
    arguments: 1...6 as ClosedRange<UInt64>
  )
  func anyMoment(seed: UInt64) throws {
    var floor = try LuaFloor(seed: seed)
    var stops: [(index: Int, state: [UInt8], runs: [UInt8], live: Int)] = []
    var most = 0
    for _ in 0..<30 {
      floor.walk(13)
      let state = try Packed.bytes(of: floor.shard.state)
      let runs = try Packed.bytes(of: floor.shard.runs)
      let live = floor.shard.strategies.liveCount
      #expect(floor.shard.runs.count == live)
      stops.append((floor.inputs.count, state, runs, live))
      most = max(most, live)
    }
    floor.walk(40)
    #expect(most > 3)
    for stop in stops {
      var shard = try restored(stop.state, stop.runs)
      #expect(shard.strategies.liveCount == stop.live)
      for index in stop.index..<floor.inputs.count {
        let outcome = try LuaFloor.give(floor.inputs[index], to: &shard)
        let isSame = outcome == floor.outcomes[index]
        #expect(isSame, "restored at \(stop.index), input \(index) leads to something else")
        if !isSame { return }
      }
      #expect(try Packed.bytes(of: shard.state) == Packed.bytes(of: floor.shard.state))
      #expect(try Packed.bytes(of: shard.runs) == Packed.bytes(of: floor.shard.runs))
    }
  }

  /// One suspended run of a text, as it is kept.
  private func runs(of text: String) throws -> StrategyRuns {
    var bench = try Workbench(text)
    var runs = StrategyRuns()
    let facts = Workbench.facts()
    runs.note(.start("s", facts), in: "f")
    var step = bench.strategies.start("s", facts: facts)
    runs.note(step, of: facts.connID)
    while case .requested(let request) = step {
      if case .wait = request { break }
      let answer = Workbench.plain(request)
      runs.note(answer, bench.context, of: facts.connID)
      step = bench.strategies.resume(facts.connID, with: answer, context: bench.context)
      runs.note(step, of: facts.connID)
    }
    return runs
  }

  private func reason(_ text: String, after change: String, fingerprint: String = "f") throws
    -> String?
  {
    let kept = try runs(of: text)
    let generation = try Workbench.generation(["s.lua": change], fingerprint: fingerprint)
    var strategies = LuaStrategies(generation)
    let lost = strategies.takeUp(kept) { _ in throw Missing() }
    #expect(strategies.liveCount == (lost.isEmpty ? 1 : 0))
    return lost.first?.reason
  }

  @Test("A run that asks for something else, returns or fails is given up, with the step")
  func differences() throws {
    let text = "return function(call) call:note('a') call:note('b') call:wait(5) end"
    #expect(try reason(text, after: text) == nil)
    let other = text.replacing("'b'", with: "'c'")
    #expect(
      try reason(text, after: other)
        == "with the same answers its strategy asks for something else at step 2"
    )
    #expect(
      try reason(text, after: "return function(call) call:note('a') return ANY end")
        == "with the same answers its strategy returns at step 2"
    )
    #expect(
      try reason(text, after: "return function(call) call:note('a') error('x') end")
        == "with the same answers its strategy fails at step 2"
    )
    #expect(
      try reason(text, after: text.replacing("5", with: "6"))
        == "with the same answers its strategy asks for something else at step 3"
    )
    #expect(try reason(text, after: text, fingerprint: "other") == "not at hand")
  }

  @Test("A call that a transfer renamed is taken up under its new name")
  func renamed() throws {
    let text = "return function(call) call:note(call.id) call:wait(5) call:note(call.id) end"
    var kept = try runs(of: text)
    let old = Workbench.facts().connID
    kept.note(.rename(old, to: ConnID(77)), in: "f")
    let bytes = try Packed.bytes(of: kept)
    var bench = try Workbench(text)
    let read = try Packed.value(StrategyRuns.self, from: bytes)
    #expect(bench.strategies.takeUp(read) { _ in throw Missing() } == [])
    let step = bench.strategies.resume(ConnID(77), with: .done, context: bench.context)
    #expect(step == .requested(.note(ConnID(77).text)))
  }
}
