/// One engine and one strategy runtime, pumped until both are quiet.
///
/// Still pure: no clock, no thread. The shell gives signals in the order in which they count, with
/// instants that never go back, and carries out what `deliver` shows it.
public struct Shard<Strategies: StrategyRuntime & ~Copyable>: ~Copyable {
  @usableFromInline var engine: RoutingEngine
  /// The runtime; the shell may install new generations between signals.
  public var strategies: Strategies
  @usableFromInline var outbox = Outbox()
  /// Which events the world wants; the others are counted and not made.
  public var interest: EventInterest {
    get { outbox.interest }
    set { outbox.interest = newValue }
  }
  /// Whether the steps of strategies are kept for whoever records them.
  public var keepsSteps = false
  /// The steps that the last signal led to, in order, if they are kept.
  public var steps: [Signal] { stepsKept }
  @usableFromInline var stepsKept: [Signal] = []

  /// Whether suspended runs are kept as what they were given, for whoever takes them up again.
  public var keepsRuns = false
  /// The suspended runs, if they are kept.
  public private(set) var runs = StrategyRuns()

  @usableFromInline
  mutating func noteRun(_ command: borrowing StrategyCommand) {
    runs.note(command, in: engine.strategyFingerprint)
  }

  @usableFromInline
  mutating func noteRun(_ step: borrowing StrategyStep, of call: ConnID) {
    runs.note(step, of: call)
  }

  @usableFromInline
  mutating func noteRun(_ answer: StrategyAnswer, _ context: ResumeContext, of call: ConnID) {
    runs.note(answer, context, of: call)
  }

  /// Makes a shard of an engine and a runtime.
  public init(engine: consuming RoutingEngine, strategies: consuming Strategies) {
    self.engine = engine
    self.strategies = strategies
    outbox.startsAtOnce = true
  }

  /// Makes a shard whose runtime has taken up the runs of another one.
  public init(
    engine: consuming RoutingEngine,
    strategies: consuming Strategies,
    runs: StrategyRuns
  ) {
    self.init(engine: engine, strategies: strategies)
    self.runs = runs
    keepsRuns = true
  }

  /// The engine's whole state; between signals only.
  public var state: EngineState { engine.state }

  /// How far the engine has counted.
  public var counters: EngineCounters { engine.counters }

  /// When the next `.clock` signal is due; nil when nothing is pending.
  public var nextDeadline: Instant? { engine.nextDeadline }

  /// A picture of the engine for people.
  public func snapshot(at now: Instant) -> Snapshot { engine.snapshot(at: now) }

  /// Why a call went where it went, for all agents or one; nil when nothing is known of it.
  public func decision(of call: ConnID, only agent: AgentID? = nil) -> DecisionRecord? {
    engine.decision(of: call, only: agent)
  }

  /// Whether the site has an agent of this ID.
  public func hasAgent(_ id: AgentID) -> Bool { engine.hasAgent(id) }

  /// The call that came in last of those that pass and are still known.
  public func lastCall(where passes: (CallEntrance) -> Bool) -> ConnID? {
    engine.lastCall(where: passes)
  }

  /// What all strategies keep from call to call, ordered by strategy and key.
  public var strategyState: [StrategyState] { engine.strategyState }

  /// The engine's state in numbers, for the simulator.
  package func fingerprint() -> [Int64] { engine.fingerprint() }

  /// The engine's state in numbers, with what strategies can set, for `prove`.
  package func searchKey(_ detail: SearchDetail) -> [Int64] { engine.searchKey(detail) }

  /// A call that waits although somebody could take it.
  package mutating func callPassedOver() -> ConnID? { engine.callPassedOver() }

  /// A call whose strategy waits without a timeout for people none of whom is logged in.
  package func callWithoutHope() -> ConnID? { engine.callWithoutHope() }

  /// Whether somebody who is logged in serves a queue.
  package func isAttended(_ queue: DN) -> Bool { engine.isAttended(queue) }

  /// Plants a bug in the engine, for the simulator.
  package mutating func plant(_ fault: InjectedFault?) { engine.fault = fault }

  /// Handles a signal, runs strategies until none can go on, then hands out what is for the world.
  ///
  /// - Parameters:
  ///   - signal: What happened.
  ///   - now: When; never earlier than the instant of the signal before.
  ///   - deliver: Sees line commands and events, each in order, and may take the events. Not called
  ///     when there are none.
  @inlinable
  public mutating func handle(
    _ signal: consuming Signal,
    at now: Instant,
    deliver: (inout Outbox) -> Void
  ) {
    engine.handle(signal, at: now, into: &outbox)
    pump(at: now, deliver)
  }

  /// The same as `handle(.line(.offered(…)))`, for those who have many: no signal is made.
  @inlinable
  public mutating func offered(
    _ offer: consuming CallOffer,
    at now: Instant,
    deliver: (inout Outbox) -> Void
  ) {
    engine.offered(offer, at: now, into: &outbox)
    pump(at: now, deliver)
  }

  /// The same as `handle(.line(.answered(…)))`, for those who have many: no signal is made.
  @inlinable
  public mutating func answered(
    _ call: ConnID,
    attempt: UInt32,
    at now: Instant,
    deliver: (inout Outbox) -> Void
  ) {
    engine.answered(call, attempt: attempt, at: now, into: &outbox)
    pump(at: now, deliver)
  }

  /// The same as `handle(.line(.released(…)))`, for those who have many: no signal is made.
  @inlinable
  public mutating func released(
    _ call: ConnID,
    at now: Instant,
    deliver: (inout Outbox) -> Void
  ) {
    engine.released(call, at: now, into: &outbox)
    pump(at: now, deliver)
  }

  /// Runs strategies until none can go on, and hands out what is for the world.
  @inlinable
  mutating func pump(at now: Instant, _ deliver: (inout Outbox) -> Void) {
    if !stepsKept.isEmpty { stepsKept.removeAll(keepingCapacity: true) }
    guard !outbox.isEmpty else { return }
    if outbox.starting >= 0 {
      let call = CallSlot(index: outbox.starting)
      outbox.starting = -1
      let facts = engine.facts(of: call)
      let name = engine.strategyName(of: call)
      if keepsRuns { noteRun(.start(name, facts)) }
      let step = strategies.start(name, facts: facts)
      run(facts.connID, on: step, at: now)
    }
    var next = 0
    // Bounded: the engine fails a run that makes more requests at once than its limit allows.
    while next < outbox.strategyCommands.count {
      let command = outbox.takeStrategyCommand(&next)
      if keepsRuns { noteRun(command) }
      switch consume command {
      case .start(let name, let facts):
        run(facts.connID, on: strategies.start(name, facts: facts), at: now)
      case .resume(let call, let answer, let context):
        run(call, on: strategies.resume(call, with: answer, context: context), at: now)
      case .rename(let call, let connID):
        strategies.rename(call, to: connID)
      case .cancel(let call):
        strategies.cancel(call)
      }
    }
    outbox.removeStrategyCommands()
    guard !outbox.isEmpty else { return }
    deliver(&outbox)
    outbox.removeAll()
  }

  /// Gives the engine a step of a strategy, and lets it run on while the engine answers at once.
  ///
  /// So nothing comes between two steps unless the strategy waits: what it reads of its state and
  /// of the world is still true when it writes.
  @inlinable
  mutating func run(_ call: ConnID, on step: consuming StrategyStep, at now: Instant) {
    while true {
      let count = outbox.strategyCommands.count
      if keepsSteps { stepsKept.append(.strategy(call, step, strategies.trace)) }
      if keepsRuns { noteRun(step, of: call) }
      engine.handle(consume step, strategies.trace, of: call, at: now, into: &outbox)
      guard let (answer, context) = outbox.takeAnswer(to: call, after: count) else { return }
      if keepsRuns { noteRun(answer, context, of: call) }
      step = strategies.resume(call, with: answer, context: context)
    }
  }
}

extension Shard where Strategies: Copyable {
  /// A second shard in the same state; between signals only.
  package func copy() -> Shard {
    Shard(engine: RoutingEngine(copying: engine), strategies: strategies)
  }
}
