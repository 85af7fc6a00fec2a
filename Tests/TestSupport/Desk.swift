public import Engine

/// An engine with scripted strategies in virtual time, and everything that it said.
public struct Desk: ~Copyable {
  /// The engine and its strategies.
  public var shard: Shard<ScriptedStrategies>
  /// The present moment.
  public private(set) var now = Instant.zero
  /// Every event so far.
  public private(set) var events: [Event] = []
  /// Every line command so far.
  public private(set) var commands: [LineCommand] = []

  /// Makes a desk and gives the engine its first signal.
  public init(
    _ plan: Plan,
    seed: UInt64 = 1,
    _ scripts: [StrategyName: ScriptedStrategies.Script] = [:]
  ) {
    shard = Shard(
      engine: RoutingEngine(plan: plan, seed: seed, epoch: 1_700_000_000_000_000_000),
      strategies: ScriptedStrategies(scripts)
    )
    signal(.control(.start))
  }

  /// Gives the engine a signal at the present moment.
  public mutating func signal(_ signal: Signal) {
    var seen: [Event] = []
    var asked: [LineCommand] = []
    shard.handle(signal, at: now) { outbox in
      seen += outbox.events
      asked += outbox.lineCommands
    }
    events += seen
    commands += asked
  }

  /// Gives the engine a signal of the line.
  public mutating func line(_ signal: LineSignal) { self.signal(.line(signal)) }

  /// Lets time pass; timers expire at their own instants.
  public mutating func advance(_ duration: Duration) {
    let end = now + duration
    while let deadline = shard.nextDeadline, deadline <= end {
      now = max(now, deadline)
      signal(.clock)
    }
    now = end
  }

  /// The attempt of the latest diversion of a call.
  public func lastDiversion(of call: ConnID) -> (attempt: UInt32, destination: Destination)? {
    for command in commands.reversed() {
      if case .divert(call, let attempt, let destination, _) = command {
        return (attempt, destination)
      }
    }
    return nil
  }

  /// The target of a call's latest diversion rings.
  public mutating func ring(_ call: ConnID) {
    guard let last = lastDiversion(of: call) else { return }
    line(.ringing(call, attempt: last.attempt))
  }

  /// The target of a call's latest diversion answers.
  public mutating func answer(_ call: ConnID) {
    guard let last = lastDiversion(of: call) else { return }
    line(.answered(call, attempt: last.attempt))
  }

  /// The latest diversion of a call fails.
  public mutating func fail(_ call: ConnID, _ failure: RouteFailure) {
    guard let last = lastDiversion(of: call) else { return }
    line(.diversionFailed(call, attempt: last.attempt, failure))
  }

  /// What happened, as short lines: `EventKind@ThisDN`.
  public var story: [String] { events.map { "\($0.kind)@\($0.thisDN.number)" } }

  /// Forgets what was said so far.
  public mutating func forget() {
    events.removeAll()
    commands.removeAll()
  }
}
