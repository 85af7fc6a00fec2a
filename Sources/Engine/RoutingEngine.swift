// The engine's door and its state.
//
// Invariants, checked by the simulator and in part by assertions:
// - a call is in exactly one state, and in each line once at most;
// - an agent is engaged with one call at most, and every engagement's call is alive;
// - every timer has an owner, who disarms it when it ends;
// - sequence numbers, tickets and attempts only grow;
// - whenever an available agent could take a waiting call, he has been offered it (liveness).
// Who may change it: `handle`, through the extensions beside this file.

/// Decides what happens to calls.
///
/// Pure: the same plan, seed and sequence of (signal, instant) give the same outbox, byte for byte.
///
/// **For those who write a shell.** Give `.control(.start)` first. Call `handle` with instants that
/// never go back, and with `.clock` once `nextDeadline` has come. Carry out line commands in order;
/// answer every `divert` with `ringing`, `answered`, `diverted` or `diversionFailed` of the same
/// attempt, until it is cancelled or the call is released. Strategy commands are `Shard`'s
/// business. Signals that come too late (of a call that is gone, of an attempt that is over) are
/// harmless.
public struct RoutingEngine: ~Copyable {
  private let passed = PassedByAddress()
  let plan: Plan
  let epoch: UInt64
  var random: SplitMix64
  var now = Instant.zero
  var sequence: UInt64 = 0

  var calls = CallTable()
  var agents: AgentTable
  var waiting: WaitingCalls
  var queues: [Queue] = []
  var routingPoints: [RoutingPoint] = []
  var dns: [DNRecord] = []
  var dnIndex = DNTable()
  /// Where the call before came in, which is where most come in.
  var lastEntrance: (dn: DN, index: Int32) = ("", -1)
  var placeIndex = Lookup<String, Int32>()
  /// The DNs of each place.
  var placeDNs: [[Int32]] = []
  /// What each queue's agents satisfy; nil: everybody.
  var queueExpressions: [SkillExpression?] = []
  /// The first agent who logs in by himself, by the DN that he does it at; negative: nobody.
  var firstAutomatic: [Int32] = []
  /// The next one at the same DN, by agent.
  var nextAutomatic: [Int32] = []
  var timers = TimerTable()
  var generations = GenerationTable()
  /// Agents whom selections have reserved, if a policy may take them over.
  var selected: [AgentSlot] = []

  var lastTicket: UInt64 = 0
  var lastCallID: UInt32 = 0
  var lastReference: UInt32 = 0
  var lastTreatment: UInt32 = 0
  var uuidHigh: UInt64
  var uuidMiddle: UInt64
  var isDraining = false
  var strategyFingerprint = ""
  var decisions: DecisionLog
  /// The percentage allocations of all strategies.
  var shares = Shares()
  /// What strategies keep from call to call.
  var states = StrategyStates()
  /// The places of calls that are to come back.
  var places = KeptPlaces()
  /// A bug on purpose, to see whether the simulator finds it; set by nobody else.
  package var fault: InjectedFault?

  /// Makes an engine.
  ///
  /// - Parameters:
  ///   - plan: The site; names in it must be unique and its skill expressions valid (`Service`
  ///     checks; an invalid expression of a queue is served by nobody).
  ///   - seed: The source of all chance.
  ///   - epoch: What instant zero is: nanoseconds since the Unix epoch.
  ///   - counters: Where counting begins: where an earlier engine of the same server stopped.
  public init(
    plan: Plan,
    seed: UInt64,
    epoch: UInt64,
    after counters: EngineCounters = EngineCounters()
  ) {
    self.plan = plan
    self.epoch = epoch
    sequence = counters.sequence
    lastCallID = counters.callID
    agents = AgentTable(plan)
    waiting = WaitingCalls(words: agents.membership.words)
    random = SplitMix64(seed: seed)
    decisions = DecisionLog(capacity: plan.limits.decisionsKept)
    uuidHigh = random.next()
    uuidMiddle = random.next()
    addDNs()
    addAgents()
  }

  /// Applies one signal; never throws, never blocks, never re-enters.
  public mutating func handle(
    _ signal: consuming Signal,
    at now: Instant,
    into outbox: inout Outbox
  ) {
    assert(now >= self.now, "time went back")
    self.now = max(now, self.now)
    switch consume signal {
    case .line(let signal): handle(signal, &outbox)
    case .agent(let signal): handle(signal, &outbox)
    case .strategy(let call, let step, let trace): handle(step, trace, of: call, &outbox)
    case .clock: expireTimers(&outbox)
    case .control(let signal): handle(signal, &outbox)
    }
  }

  /// The same as `handle(.line(.offered(…)))`, without making a signal of the offer.
  @usableFromInline
  mutating func offered(
    _ offer: consuming CallOffer,
    at now: Instant,
    into outbox: inout Outbox
  ) {
    self.now = max(now, self.now)
    admit(offer, &outbox)
  }

  /// The same as `handle(.line(.answered(…)))`, without making a signal of it.
  @usableFromInline
  mutating func answered(
    _ call: ConnID,
    attempt: UInt32,
    at now: Instant,
    into outbox: inout Outbox
  ) {
    self.now = max(now, self.now)
    if let slot = diverting(call, attempt) { targetAnswered(slot, &outbox) }
  }

  /// The same as `handle(.line(.released(…)))`, without making a signal of it.
  @usableFromInline
  mutating func released(_ call: ConnID, at now: Instant, into outbox: inout Outbox) {
    self.now = max(now, self.now)
    if let slot = calls.slot(of: call) { released(slot, &outbox) }
  }

  /// The same as `handle(.strategy(…))`, without making a signal of the step.
  @usableFromInline
  mutating func handle(
    _ step: consuming StrategyStep,
    _ trace: StrategyTrace,
    of call: ConnID,
    at now: Instant,
    into outbox: inout Outbox
  ) {
    self.now = max(now, self.now)
    handle(step, trace, of: call, &outbox)
  }

  /// The instant at which `handle(.clock, …)` must next be called; nil when nothing is pending.
  public var nextDeadline: Instant? { timers.nextDeadline }

  /// How far it has counted.
  public var counters: EngineCounters { EngineCounters(sequence: sequence, callID: lastCallID) }

  /// What `nextDeadline` is for, for people who read scenarios.
  package var nextTimer: String? { timers.nextKind?.word }

  private mutating func addDNs() {
    for entry in plan.extensions { add(DNRecord(entry.dn, .extension)) }
    for (index, entry) in plan.queues.enumerated() {
      add(DNRecord(entry.dn, .queue(Int32(index))))
      let bit = AgentTable.bit(ofQueue: Int32(index))
      queues.append(Queue(plan: entry, isVirtual: false, bit: bit))
      // An expression that does not parse is served by nobody: one that never holds.
      queueExpressions.append(
        entry.agents.map { text in
          (try? SkillExpression(parsing: text)) ?? SkillExpression.never
        }
      )
    }
    for entry in plan.virtualQueues {
      add(DNRecord(entry.dn, .queue(Int32(queues.count))))
      let shown = QueuePlan(entry.dn, name: entry.name)
      queues.append(Queue(plan: shown, isVirtual: true, bit: -1))
      queueExpressions.append(SkillExpression.never)
    }
    for entry in plan.routingPoints {
      add(DNRecord(entry.dn, .routingPoint(Int32(routingPoints.count))))
      routingPoints.append(RoutingPoint(entry, in: plan))
    }
    for (index, place) in plan.places.enumerated() {
      placeIndex[place.name] = Int32(index)
      let members = place.extensions.compactMap { dnIndex[$0] }
      for member in members { dns[Int(member)].place = Int32(index) }
      placeDNs.append(members)
    }
  }

  private mutating func add(_ record: DNRecord) {
    dnIndex[record.dn] = Int32(dns.count)
    dns.append(record)
  }

  private mutating func addAgents() {
    firstAutomatic = [Int32](repeating: -1, count: plan.extensions.count)
    nextAutomatic = [Int32](repeating: -1, count: plan.agents.count)
    for (index, agent) in plan.agents.enumerated().reversed() where agent.logsInAutomatically {
      guard let dn = agent.extensionDN, let at = dnIndex[dn], Int(at) < firstAutomatic.count
      else { continue }
      nextAutomatic[index] = firstAutomatic[Int(at)]
      firstAutomatic[Int(at)] = Int32(index)
    }
  }
}

/// What goes on counting when another engine takes a server over.
public struct EngineCounters: Sendable, Hashable {
  /// The sequence number of the last event.
  public var sequence: UInt64
  /// The CallID of the last call.
  public var callID: UInt32

  /// Makes counters; without arguments those of a beginning.
  public init(sequence: UInt64 = 0, callID: UInt32 = 0) {
    self.sequence = sequence
    self.callID = callID
  }
}

/// A bug that the simulator plants to see whether it finds it.
package enum InjectedFault: Sendable, Hashable {
  /// So often in a thousand times, an agent gets the last of a queue instead of the first.
  case takesFromBack(perMille: Int)
  /// A caller who hangs up while a phone is about to ring leaves its agent reserved.
  case forgetsReservation
}
