import Engine
import Foundation
import Simulator
import TestSupport
import Testing
import Wire

@Suite("An engine's state, written and read, goes on as the engine would have")
struct EngineStateTests {
  /// What an engine decided: everything, in order.
  private struct Decided: Hashable {
    var line: [LineCommand] = []
    var strategy: [StrategyCommand] = []
    var events: [Event] = []

    init(_ outbox: borrowing Outbox) {
      line = outbox.lineCommands
      strategy = outbox.strategyCommands
      events = outbox.events
    }
  }

  typealias Input = (at: Instant, signal: Signal)

  /// An engine's story: what each input led to, and the engine at the end.
  private struct Story: ~Copyable {
    var decided: [Decided] = []
    var engine: RoutingEngine

    init(_ engine: consuming RoutingEngine) { self.engine = engine }

    mutating func go(through inputs: ArraySlice<Input>) {
      var outbox = Outbox()
      for input in inputs {
        engine.handle(input.signal, at: input.at, into: &outbox)
        decided.append(Decided(outbox))
        outbox.removeAll()
      }
    }
  }

  private func restored(
    _ engine: borrowing RoutingEngine,
    _ plan: Plan
  ) throws -> RoutingEngine {
    let bytes = try Packed.bytes(of: engine.state)
    let state = try Packed.value(EngineState.self, from: bytes)
    #expect(try Packed.bytes(of: state) == bytes)
    let copy = try RoutingEngine(plan: plan, epoch: Scenario.epoch, restoring: state)
    #expect(copy.fingerprint() == engine.fingerprint())
    #expect(copy.nextDeadline == engine.nextDeadline)
    return copy
  }

  /// Stops at some inputs, restores, and compares what comes then with what came without a stop.
  private func compare(
    _ plan: Plan,
    seed: UInt64,
    _ inputs: [Input],
    at stops: [Int],
    reach: Int = .max,
    _ name: String
  ) throws {
    var whole = Story(RoutingEngine(plan: plan, seed: seed, epoch: Scenario.epoch))
    for (index, stop) in stops.enumerated() {
      let begin = index == 0 ? 0 : stops[index - 1]
      whole.go(through: inputs[begin..<stop])
      let end = reach == .max ? inputs.count : min(inputs.count, stop + reach)
      var copy = Story(try restored(whole.engine, plan))
      copy.go(through: inputs[stop..<end])
      var reference = Story(RoutingEngine(copying: whole.engine))
      reference.go(through: inputs[stop..<end])
      let same = copy.decided == reference.decided
      #expect(same, "\(name): restored before input \(stop), it decides otherwise")
      #expect(copy.engine.fingerprint() == reference.engine.fingerprint(), "\(name) at \(stop)")
      let bytes = try Packed.bytes(of: copy.engine.state)
      let wanted = try Packed.bytes(of: reference.engine.state)
      #expect(bytes == wanted, "\(name): restored before input \(stop), it ends otherwise")
    }
  }

  @Test("In every scenario, at every input", .timeLimit(.minutes(10)))
  func scenarios() throws {
    for name in ScenarioFolder.names {
      let scenario = try Scenario(name: name, text: try ScenarioFolder.text(name))
      let inputs = scenario.steps.map { (at: $0.at, signal: $0.signal) }
      try compare(
        scenario.plan,
        seed: scenario.seed,
        inputs,
        at: Array(0...inputs.count),
        name
      )
    }
  }

  @Test("In random worlds, now and then", .timeLimit(.minutes(15)))
  func worlds() throws {
    for seed in 1...60 as ClosedRange<UInt64> {
      var world = World(seed: seed)
      world.isComparing = false
      world.keepJournal()
      world.torment(signals: 1_500)
      let start = (at: Instant.zero, signal: Signal.control(.start))
      let inputs = [start] + world.journal
      let stops = Array(stride(from: Int(seed), through: inputs.count, by: 197))
      try compare(world.plan, seed: seed, inputs, at: stops, reach: 600, "SEED=\(seed)")
    }
  }

  @Test("The state of another site is refused")
  func otherSite() throws {
    let engine = RoutingEngine(plan: Plan(queues: [QueuePlan("9000")]), seed: 1, epoch: 0)
    let state = engine.state
    for plan in [Plan(), Plan(queues: [QueuePlan("9001")])] {
      do {
        _ = try RoutingEngine(plan: plan, epoch: 0, restoring: state)
        Issue.record("it was taken")
      } catch {
        #expect(error.message == "the state of an engine with another site")
      }
    }
  }

  @Test("Taking a state does not change what its engine does afterwards")
  func takingIsHarmless() throws {
    var world = World(seed: 3)
    var twin = World(seed: 3)
    var states: [EngineState] = []
    for _ in 0..<20 {
      world.torment(signals: world.signalCount + 50)
      twin.torment(signals: twin.signalCount + 50)
      states.append(world.shard.state)
    }
    #expect(try Packed.bytes(of: world.shard.state) == Packed.bytes(of: twin.shard.state))
    #expect(Set(try states.map { try Packed.bytes(of: $0) }).count == 20)
  }
}
