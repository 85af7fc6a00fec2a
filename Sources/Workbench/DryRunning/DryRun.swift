// A recording in virtual time: what came from outside comes again, the engine decides anew.
//
// Invariants: instants never go back; what is due at the same instant happens in this order:
// agents' requests (who logs out as his call ends gets no other one), the line, the engine's clock,
// the rest of the recording. The same recording, side and seed give the same signals.
// Memory: the calls that are there at once, and one outcome per call if they are wanted.
// Source: ADR 0020; docs/dryrun.md.

internal import Engine
internal import Journal
internal import LuaBridge
internal import Wire

/// One run of a side.
struct DryRun: ~Copyable {
  /// What a run is to bring back besides figures.
  struct Wants {
    /// How every call fared.
    var outcomes = false
    /// The figures over the day.
    var course = false
    /// Decision records of these calls, by their place in the facts; the run ends with the last.
    var traces: [Int32] = []
  }

  private let model: DryRunModel
  private let side: DryRunSide
  private var shard: Shard<LuaDryRun>
  private var dry: DryFloor
  private var feed: RecordedFeed
  private var knownAgents: Set<String>
  private var knownDNs: Set<String>
  private var arrived = 0
  private var hasStrategies = false
  private var hasNewAgents = false
  private var isCounting = false
  private let since: UInt64
  private let wantedCount: Int

  init(_ model: DryRunModel, _ side: DryRunSide, run: Int, _ wants: Wants) throws {
    let reader = try model.open()
    let strategies = try LuaDryRun(side.strategies, side.plan.limits)
    self.model = model
    self.side = side
    var plan = side.plan
    if !wants.traces.isEmpty { plan.limits.decisionsKept = Self.decisionsKept }
    let types = model.facts.groups.texts.map { CallerType($0, at: "") }
    var floorModel = SimulationModel(plan: plan, types: types, arrivals: ArrivalProfile([]))
    floorModel.threshold = model.threshold
    var floor = SimulationFloor(floorModel)
    if wants.course {
      let last = model.facts.calls.last?.offered ?? model.facts.end
      floor.course = DayCourse(from: model.facts.begin, to: last)
    }
    dry = DryFloor(model, floor, run: run, keepsOutcomes: wants.outcomes)
    for place in wants.traces { dry.wanted[model.facts.calls[Int(place)].connID] = place }
    wantedCount = wants.traces.count
    let seed = run == 0 ? model.head.seed : Draws.mixed(model.head.seed, UInt64(run), 0x656E)
    shard = Shard(
      engine: RoutingEngine(
        plan: plan,
        seed: seed,
        epoch: model.head.epoch,
        after: model.head.counters
      ),
      strategies: strategies
    )
    // Only what `SimulationFloor.note` takes in.
    shard.interest = [.agents, .queues, .defaultRoutes]
    feed = RecordedFeed(reader, keepsClock: model.facts.hasSteps)
    knownAgents = Set(plan.agents.map(\.id.text))
    knownDNs = Set(plan.extensions.map(\.dn.number))
    let since = model.head.since ?? 0
    self.since = since > model.head.epoch ? since - model.head.epoch : 0
  }

  /// Runs to the end.
  ///
  /// - Parameter goesOn: Asked now and then with the number of calls that have come; false stops.
  /// - Returns: What was found.
  /// - Throws: What cannot be read, or why strategies cannot be loaded.
  consuming func run(goesOn: (Int) -> Bool = { _ in true }) throws -> DryRunResult {
    try begin()
    var wasStopped = false
    var asked = 0
    loop: while true {
      let line = dry.floor.agenda.next()
      let recorded = try feed.nextInstant()
      let clock = try clockDue()
      let due = min(line, clock, recorded)
      if recorded == .max, dry.floor.calls.isEmpty { break }
      // Somebody may wait for ever; announcements to him need not go on as long.
      if recorded == .max, line == .max, clock > model.facts.end + Self.patienceOfRun { break }
      guard due < .max else { break }
      dry.floor.now = max(dry.floor.now, due)
      if recorded == due, feed.isRequestNext {
        try take(feed.take())
      } else if line == due {
        lineIsDue()
      } else if clock == due {
        send(.clock)
      } else {
        try take(feed.take())
      }
      if wantedCount > 0, dry.result.traces.count == wantedCount { break }
      if arrived - asked >= 2_048 {
        asked = arrived
        guard goesOn(arrived) else {
          wasStopped = true
          break loop
        }
      }
    }
    return finish(wasStopped)
  }

  private mutating func finish(_ wasStopped: Bool) -> DryRunResult {
    dry.floor.endCounting()
    if !wasStopped, wantedCount == 0 {
      for slot in 0..<Int32(dry.floor.calls.slotCount) where dry.floor.calls[slot].place != .none {
        dry.giveUp(slot, "nobody ever answers, and nobody knows how long the caller waits")
      }
    }
    var result = dry.result
    let types = dry.floor.model.types.map(\.name)
    result.report = dry.floor.report(types: types, wasStopped: wasStopped)
    result.course = dry.floor.course
    result.usedChance = shard.strategies.usedChance
    return result
  }

  // MARK: The beginning

  private mutating func begin() throws {
    dry.floor.now = model.facts.begin
    if since == 0 { startCounting() }
    switch side.strategies {
    case .recorded where model.head.strategies.isEmpty: break
    case .recorded: try use(model.head.strategies)
    case .folder(let source): try use(source.fingerprint)
    case .nothing: try use("")
    }
    if !model.facts.hasStart {
      send(.control(.start))
      logInNewAgents()
    }
  }

  private mutating func startCounting() {
    isCounting = true
    dry.floor.beginCounting()
  }

  private mutating func use(_ fingerprint: String) throws {
    if let trouble = shard.strategies.use(fingerprint) { throw DryRunFailure(trouble) }
  }

  private mutating func logInNewAgents() {
    guard !hasNewAgents else { return }
    hasNewAgents = true
    for id in side.newAgents {
      guard let agent = side.plan.agents.first(where: { $0.id == id }) else { continue }
      var dn = agent.extensionDN
      if dn.map({ dry.floor.agent(at: $0) >= 0 }) ?? true {
        dn = side.plan.extensions.first { dry.floor.agent(at: $0.dn) < 0 }?.dn
      }
      guard let dn, !agent.logsInAutomatically else { continue }
      send(.agent(.login(id, dn: dn, reference: 0)))
      send(.agent(.ready(id, reference: 0)))
    }
  }

  // MARK: What happens

  /// When the engine's clock is due: where a server looked at it a little later, then.
  private mutating func clockDue() throws -> UInt64 {
    guard let deadline = shard.nextDeadline?.nanoseconds else { return .max }
    return try feed.clock(from: deadline, until: deadline + Self.clockSlack) ?? deadline
  }

  private mutating func take(_ item: consuming RecordedFeed.Item) throws {
    switch consume item {
    case .offer(let offer): self.offer(offer)
    case .consult(let call, let held):
      dry.note(call, at: dry.floor.now, "a consult call depends on who talks to whom")
      dry.floor.countUnanswerable(as: held)
    case .clock: break
    case .signal(let signal): try take(signal)
    }
  }

  private mutating func take(_ signal: Signal) throws {
    switch signal {
    case .agent(let request): take(request)
    case .line(.inService(let dn)), .line(.outOfService(let dn)):
      guard side.keepsAgents, knownDNs.contains(dn.number) else { return }
      send(signal)
    case .line(.attached(let call, _)):
      if dry.floor.calls.slot(of: call) != nil { send(signal) }
    case .control(.strategies(let fingerprint, let state)):
      guard case .recorded = side.strategies else {
        // What strategies kept from earlier days is theirs in whatever text.
        if !hasStrategies, let state { send(.control(.strategies(fingerprint: "", state: state))) }
        hasStrategies = true
        return
      }
      try use(fingerprint)
      send(signal)
    case .control(.start):
      send(signal)
      logInNewAgents()
    case .control: send(signal)
    case .line, .strategy, .clock: break
    }
  }

  private mutating func take(_ request: AgentSignal) {
    let isKnown =
      switch request {
      case .login(let agent, _, _, _, _), .logout(let agent, _, _), .ready(let agent, _, _),
        .notReady(let agent, _, _, _):
        knownAgents.contains(agent.text)
      case .registerAddress(let dn, _), .unregisterAddress(let dn, _):
        knownDNs.contains(dn.number)
      }
    guard side.keepsAgents else { return }
    guard isKnown else {
      dry.result.ignoredRequests += 1
      return
    }
    send(.agent(request))
  }

  private mutating func offer(_ offer: consuming CallOffer) {
    let index = arrived
    arrived += 1
    guard index < model.facts.calls.count else { return }
    let isCounted = dry.floor.now >= since
    if isCounted, !isCounting { startCounting() }
    let slot = dry.arrive(index, isCounted: isCounted)
    let connID = offer.connID
    let now = Instant(nanoseconds: dry.floor.now)
    shard.offered(offer, at: now) { dry.take($0) }
    answerAll()
    if dry.floor.calls[slot].connID == connID, dry.floor.calls[slot].place == .waiting {
      dry.floor.calls[slot].hasWaited = true
      let fact = model.facts.calls[index]
      if fact.end == .failed, fact.wait == 0 {
        // The line turned it away the moment it came.
        dry.finish(slot, .rejected)
        released(connID)
      }
    }
    if arrived == model.facts.calls.count { dry.floor.endCounting() }
  }

  private mutating func lineIsDue() {
    let item = dry.floor.agenda.removeFirst()
    let slot = item / 2
    let call = dry.floor.calls[slot]
    guard item % 2 == 0 else {
      guard let signal = dry.nextOfScript(slot) else { return }
      send(.line(signal))
      return
    }
    // Who hung up makes no difference to the engine.
    if call.place == .talking {
      dry.finish(slot, .answered)
    } else {
      dry.finish(slot, dry.recordedEnd(slot) == .failed ? .gone : .abandoned)
    }
    released(call.connID)
  }

  // MARK: The engine

  private mutating func send(_ signal: consuming Signal) {
    give(signal)
    answerAll()
  }

  /// What the line answers at once; what that leads to is answered after what was there before it.
  private mutating func answerAll() {
    var next = 0
    while next < dry.floor.replies.count {
      let reply = dry.floor.replies[next]
      if reply.kind == .answered {
        answered(reply.call, attempt: reply.number)
      } else {
        give(.line(dry.floor.signal(of: reply)))
      }
      next += 1
    }
    if next > 0 { dry.floor.removeReplies() }
    if !dry.wantedAndOver.isEmpty { keepTraces() }
  }

  private mutating func keepTraces() {
    for call in dry.wantedAndOver {
      guard let place = dry.wanted[call] else { continue }
      dry.result.traces[place] = shard.decision(of: call).map { DecisionText.lines($0) } ?? []
    }
    dry.wantedAndOver.removeAll(keepingCapacity: true)
  }

  private mutating func give(_ signal: consuming Signal) {
    switch signal {
    case .line(.answered(let connID, let attempt)):
      answered(connID, attempt: attempt)
      return
    case .line(.diverted(let connID, _)):
      if let slot = dry.floor.calls.slot(of: connID) { dry.finish(slot, .gone) }
    case .line(.diversionFailed(let connID, _, _, _)): dry.floor.cancelDiversion(connID)
    case .line, .agent, .strategy, .clock, .control: break
    }
    shard.handle(signal, at: Instant(nanoseconds: dry.floor.now)) { dry.take($0) }
  }

  private mutating func answered(_ connID: ConnID, attempt: UInt32) {
    guard dry.floor.answer(connID) else { return }
    let now = Instant(nanoseconds: dry.floor.now)
    shard.answered(connID, attempt: attempt, at: now) { dry.take($0) }
  }

  private mutating func released(_ connID: ConnID) {
    shard.released(connID, at: Instant(nanoseconds: dry.floor.now)) { dry.take($0) }
    answerAll()
  }

  /// A server looks at its clock at most so much later than the engine asked it to.
  private static let clockSlack: UInt64 = 100_000_000
  /// How long a run goes on after its recording for nothing but announcements.
  private static let patienceOfRun: UInt64 = 86_400_000_000_000
  private static let decisionsKept = 65_536
}

/// Why a dry-run cannot be made.
public struct DryRunFailure: Error, Sendable, CustomStringConvertible {
  /// In words.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension SimulationFloor {
  /// A consult call, which was never offered, is counted all the same: with the held call's type
  /// while that is there, else with the first one.
  mutating func countUnanswerable(as held: ConnID) {
    var consult = SimulatedCall()
    if let slot = calls.slot(of: held) { consult.type = calls[slot].type }
    // A recording that begins within a conversation may have no other call.
    guard consult.type < model.types.count else { return }
    count(consult, .unanswerable)
  }
}
