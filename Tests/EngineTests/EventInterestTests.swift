import Engine
import Simulator
import TestSupport
import Testing

@Suite("An event that nobody wants is counted all the same")
struct EventInterestTests {
  typealias Input = (at: Instant, signal: Signal)

  /// What came of the same inputs for somebody who wants only these events.
  private struct Account {
    var events: [Event] = []
    var commands: [LineCommand] = []
    var fingerprint: [Int64]

    init(_ plan: Plan, seed: UInt64, _ inputs: [Input], wanting interest: EventInterest) {
      var engine = RoutingEngine(plan: plan, seed: seed, epoch: Scenario.epoch)
      var outbox = Outbox()
      outbox.interest = interest
      for input in inputs {
        engine.handle(input.signal, at: input.at, into: &outbox)
        events += outbox.events
        commands += outbox.lineCommands
        outbox.removeAll()
      }
      fingerprint = engine.fingerprint()
    }
  }

  /// Each part alone, what `simulate` wants, and nothing: the same calls, the same numbers.
  private func compare(_ plan: Plan, seed: UInt64, _ inputs: [Input], _ name: String) {
    let whole = Account(plan, seed: seed, inputs, wanting: .all)
    let numbers = Dictionary(uniqueKeysWithValues: whole.events.map { ($0.sequence, $0) })
    var seen = 0
    let parts: [EventInterest] = [.agents, .queues, .defaultRoutes, .others]
    for interest in parts + [[.agents, .queues, .defaultRoutes], []] {
      let some = Account(plan, seed: seed, inputs, wanting: interest)
      let isSame = some.events.allSatisfy { numbers[$0.sequence] == $0 }
      #expect(isSame, "\(name): an event of \(interest) is another one, or has another number")
      #expect(some.commands == whole.commands, "\(name): \(interest) decides otherwise")
      #expect(some.fingerprint == whole.fingerprint, "\(name): \(interest) ends otherwise")
      if parts.contains(interest) { seen += some.events.count }
      if interest.isEmpty { #expect(some.events.isEmpty, "\(name): nobody wanted these") }
    }
    #expect(seen == whole.events.count, "\(name): the parts are not the whole")
  }

  @Test("In every scenario", .timeLimit(.minutes(15)))
  func scenarios() throws {
    for name in ScenarioFolder.names {
      let scenario = try Scenario(name: name, text: try ScenarioFolder.text(name))
      let inputs = scenario.steps.map { (at: $0.at, signal: $0.signal) }
      compare(scenario.plan, seed: scenario.seed, inputs, name)
    }
  }

  @Test("In random worlds", .timeLimit(.minutes(15)))
  func worlds() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var world = World(seed: seed)
      world.isComparing = false
      world.keepJournal()
      world.torment(signals: 1_500)
      let start = (at: Instant.zero, signal: Signal.control(.start))
      compare(world.plan, seed: seed, [start] + world.journal, "SEED=\(seed)")
    }
  }
}
