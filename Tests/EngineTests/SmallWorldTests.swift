import Engine
import Foundation
import Simulator
import TestSupport
import Testing

@Suite("A small world: two calls, two agents, every interleaving", .tags(.simulation))
struct SmallWorldTests {
  /// What can happen; each is possible only in some states.
  enum Letter: CaseIterable {
    case arrive, hangUp1, hangUp2, ring1, ring2, answer1, answer2, refuse1, refuse2
    case toggle1, toggle2, leave1, time
  }

  /// Letters in a word; `SMALL_WORLD_DEPTH=6` takes a minute and walks ten times as many paths.
  static let depth = ProcessInfo.processInfo.environment["SMALL_WORLD_DEPTH"].flatMap(Int.init) ?? 5

  static let plan: Plan = {
    var plan = Plan(
      extensions: [
        ExtensionPlan("7001", startsInService: true), ExtensionPlan("7002", startsInService: true),
      ],
      agents: [
        AgentPlan("1001", extensionDN: "7001", logsInAutomatically: true),
        AgentPlan("1002", extensionDN: "7002", logsInAutomatically: true),
      ],
      queues: [QueuePlan("9000", wrapUp: .seconds(2))],
      routingPoints: [
        RoutingPointPlan("8000", strategy: "any", timeout: .seconds(20), defaults: [.queue("9000")])
      ]
    )
    plan.limits.refusalBackOff = .seconds(3)
    return plan
  }()

  /// Gives one letter to a world; false when it is not possible there.
  static func give(_ letter: Letter, to world: inout World, at dn: DN) -> Bool {
    switch letter {
    case .arrive:
      guard let next: UInt64 = [1, 2].first(where: { world.isAlive($0) == nil }) else {
        return false
      }
      world.give(.line(.offered(CallOffer(ConnID(next), at: dn, ani: "4420"))))
    case .hangUp1, .hangUp2:
      let call: UInt64 = letter == .hangUp1 ? 1 : 2
      guard world.isAlive(call) == true else { return false }
      world.give(.line(.released(ConnID(call), by: .caller)))
    case .ring1: return speak(1, &world) { .ringing($0, attempt: $1) }
    case .ring2: return speak(2, &world) { .ringing($0, attempt: $1) }
    case .answer1: return speak(1, &world) { .answered($0, attempt: $1) }
    case .answer2: return speak(2, &world) { .answered($0, attempt: $1) }
    case .refuse1: return speak(1, &world) { .diversionFailed($0, attempt: $1, .busy) }
    case .refuse2: return speak(2, &world) { .diversionFailed($0, attempt: $1, .busy) }
    case .toggle1, .toggle2:
      let agent: AgentID = letter == .toggle1 ? "1001" : "1002"
      let picture = world.shard.snapshot(at: world.now).agents.first { $0.id == agent }
      let signal: AgentSignal =
        switch picture?.state {
        case "logged_out": .login(agent, dn: nil, reference: 1)
        case "not_ready", "after_call_work": .ready(agent, reference: 1)
        default: .notReady(agent, .auxWork, reason: nil, reference: 1)
        }
      world.give(.agent(signal))
    case .leave1:
      guard world.shard.snapshot(at: world.now).agents[0].dn != nil else { return false }
      world.give(.agent(.logout("1001", reference: 1)))
    case .time:
      guard world.shard.nextDeadline != nil else { return false }
      world.passToNextDeadline()
    }
    return true
  }

  static func speak(
    _ call: UInt64,
    _ world: inout World,
    _ signal: (ConnID, UInt32) -> LineSignal
  ) -> Bool {
    guard let attempt = world.liveAttempt(of: call) else { return false }
    world.give(.line(signal(ConnID(call), attempt)))
    return true
  }

  struct Outcome {
    var interleavings = 0
    var signals = 0
    var problem: String?
  }

  /// Replays a word and, if every letter of it was possible, goes on from its end.
  static func explore(_ word: [Letter], depth: Int, at dn: DN, _ outcome: inout Outcome) {
    guard outcome.problem == nil else { return }
    var world = World(plan, returning: .any(.none))
    for (index, letter) in word.enumerated() {
      world.isComparing = index == word.count - 1
      guard give(letter, to: &world, at: dn) else { return }
      outcome.signals += 1
    }
    if word.count == depth {
      outcome.interleavings += 1
      world.isComparing = outcome.interleavings % 8 == 0
      world.close()
    }
    if let problem = world.problem {
      outcome.problem = "\(word) at \(dn.number): \(problem)"
      return
    }
    guard word.count < depth else { return }
    for letter in Letter.allCases { explore(word + [letter], depth: depth, at: dn, &outcome) }
  }

  @Test(
    "Every invariant holds on every path",
    .timeLimit(.minutes(1)),
    arguments: ["9000", "8000"] as [DN],
    [Letter.arrive, .toggle1, .leave1]
  )
  func everyPath(_ dn: DN, _ first: Letter) {
    var outcome = Outcome()
    Self.explore([first], depth: Self.depth, at: dn, &outcome)
    if let problem = outcome.problem { Issue.record(Comment(rawValue: problem)) }
    #expect(outcome.interleavings > 100)
    print("small world: \(outcome.interleavings) paths, \(outcome.signals) signals, \(dn) \(first)")
  }
}
