// The world of a test: the real engine, the real strategies, and a line that is played.
//
// States: set up (agents logged in) -> running, in virtual time.
// Invariants: time goes on only in `advance`; whatever is due at a moment is done before anything
// later, the line before the clock; `calls` are in the order in which they were offered.
// Who may change it: the runner, on behalf of the test.

import Engine
import LuaBridge

/// One engine with its strategies, callers and phones, in virtual time.
final class TestWorld {
  /// Something that the line does later.
  struct Appointment {
    var due: Instant
    var order: UInt64
    var signal: LineSignal
  }

  let plan: Plan
  let epoch: UInt64
  private(set) var shard: Shard<WatchedStrategies>
  private(set) var now = Instant.zero
  private(set) var events: [Event] = []
  var calls: [TestCall] = []
  var indices: [ConnID: Int] = [:]
  var phones: [String: PhoneScript] = [:]
  var phone = PhoneScript()
  var givesTreatments = true
  /// Where it is noted what the strategies did, and what of it; nil: nowhere.
  private(set) var collector: CoverageCollector?
  var chosen: ChosenTargets
  private let generation: Generation
  private var agenda: [Appointment] = []
  private var lastOrder: UInt64 = 0

  init(_ setup: WorldSetup, _ generation: Generation, coverage: CoverageCollector?) {
    plan = setup.plan
    epoch = setup.epoch
    phone = setup.phone
    givesTreatments = setup.givesTreatments
    collector = coverage
    chosen = ChosenTargets(setup.plan)
    self.generation = generation
    let limits = setup.plan.limits
    shard = Shard(
      engine: RoutingEngine(plan: setup.plan, seed: setup.seed, epoch: setup.epoch),
      strategies: WatchedStrategies(LuaStrategies(generation, limits: limits, budget: .counted))
    )
    send(.control(.start))
  }

  /// The test is over: what ran in its world is added up.
  func close() { collector?.add(generation.lineHits) }

  // MARK: Time

  /// Gives the engine a signal now, and lets everything happen that follows at once.
  func give(_ signal: Signal) {
    send(signal)
    settle()
  }

  /// Lets time pass; everything happens at its own instant.
  func advance(_ duration: Duration) {
    let end = now + duration
    while let next = nextInstant, next <= end {
      now = max(now, next)
      settle()
    }
    now = end
  }

  private var nextInstant: Instant? {
    let due = agenda.map(\.due).min()
    guard let deadline = shard.nextDeadline else { return due }
    return due.map { min($0, deadline) } ?? deadline
  }

  /// Does everything that is due; the engine's limits keep it from going on for ever.
  private func settle() {
    while true {
      if let index = firstDue {
        let entry = agenda.remove(at: index)
        perform(entry.signal)
      } else if let deadline = shard.nextDeadline, deadline <= now {
        send(.clock)
      } else {
        return
      }
    }
  }

  private var firstDue: Int? {
    agenda.indices.filter { agenda[$0].due <= now }
      .min { (agenda[$0].due, agenda[$0].order) < (agenda[$1].due, agenda[$1].order) }
  }

  /// Puts on the agenda what the line does later.
  func plan(_ signal: LineSignal, after duration: Duration = .zero) {
    lastOrder += 1
    agenda.append(Appointment(due: now + duration, order: lastOrder, signal: signal))
  }

  /// Takes off the agenda what a call's line no longer does.
  func dismiss(_ isMeant: (LineSignal) -> Bool) { agenda.removeAll { isMeant($0.signal) } }

  private func perform(_ signal: LineSignal) {
    // A caller whose patience ended while he already talks stays.
    if case .released(let connID, by: .caller) = signal, let index = indices[connID] {
      guard calls[index].answeredAt == nil, calls[index].endedAt == nil else { return }
    }
    send(.line(signal))
  }

  // MARK: The engine

  private func send(_ signal: Signal) {
    var commands: [LineCommand] = []
    var announced: [Event] = []
    shard.handle(signal, at: now) { outbox in
      commands += outbox.lineCommands
      announced += outbox.events
    }
    note(shard.strategies.takeActs())
    events += announced
    for event in announced { note(event) }
    if case .line(let signal) = signal { noteEnd(signal) }
    for command in commands { perform(command) }
  }

  /// A call that nobody commanded to end: somebody hung up, or it was redirected.
  private func noteEnd(_ signal: LineSignal) {
    switch signal {
    case .released(let connID, by: .caller): end(connID, "the caller hung up")
    case .released(let connID, by: .target): end(connID, "the target hung up")
    case .released(let connID, by: .line): end(connID, "the line failed")
    case .diverted(let connID, _): end(connID, "redirected")
    default: break
    }
  }

  /// A picture of the engine now.
  var picture: Snapshot { shard.snapshot(at: now) }
}
