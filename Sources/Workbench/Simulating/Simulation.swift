// A model in virtual time: the loop that gives the engine its signals.
//
// Invariants: instants never go back; what is due at the same instant happens in this order: the
// line, the engine's clock, the staff, the next caller. The same model and seed give the same
// signals, to the byte. Nothing grows with the number of calls.
// Source: SURFACE 7; Law and Kelton on batch means and independent runs.

public import Engine

/// Runs the real engine and real strategies on a model.
public struct Simulation<Strategies: StrategyRuntime & ~Copyable>: ~Copyable {
  private let model: SimulationModel
  private let recorder: SimulationRecorder?
  private var shard: Shard<Strategies>
  private var floor: SimulationFloor
  private var arrivals: ArrivalStream
  private var service: Chance
  private var patience: Chance
  private var arrived = 0
  private var nextChange = 0
  private var changes: [StaffChange]
  /// The last change that an agent's group has seen; negative: none.
  private var latestChange: [Int]
  /// How many more work than each change says.
  private var surplus: [Int]

  /// Makes a run.
  ///
  /// - Parameters:
  ///   - model: What is simulated.
  ///   - strategies: What decides.
  ///   - fingerprint: Of the strategies, for the head of the recording.
  ///   - recorder: Takes down what happens; nil: nobody does.
  public init(
    _ model: SimulationModel,
    strategies: consuming Strategies,
    fingerprint: String = "",
    recorder: SimulationRecorder? = nil
  ) {
    self.model = model
    self.recorder = recorder
    // The engine's seed is the one that a recording names; callers have their own.
    let engine = RoutingEngine(plan: model.plan, seed: model.seed, epoch: model.epoch)
    var seeds = SplitMix64(seed: model.seed)
    _ = seeds.next()
    shard = Shard(engine: engine, strategies: strategies)
    // Without a recorder only what `SimulationFloor.note` takes in.
    if recorder == nil { shard.interest = [.agents, .queues, .defaultRoutes] }
    floor = SimulationFloor(model)
    var busyness = Chance(seed: seeds.next())
    let factor = model.busynessShape.map { busyness.gamma(shape: $0) } ?? 1
    arrivals = ArrivalStream(model.arrivals, factor: factor, chance: Chance(seed: seeds.next()))
    service = Chance(seed: seeds.next())
    patience = Chance(seed: seeds.next())
    changes = model.staffing.sorted { $0.at < $1.at }
    latestChange = model.plan.agents.map { _ in -1 }
    surplus = changes.map { _ in 0 }
    recorder?.begin(model, fingerprint: fingerprint)
  }

  /// Runs to the end.
  ///
  /// - Parameter goesOn: Asked now and then with the number of calls that have come; false stops.
  /// - Returns: What was found.
  public consuming func run(goesOn: (_ arrived: Int) -> Bool = { _ in true }) -> SimulationReport {
    begin()
    var wasStopped = false
    var next = nextArrival()
    if model.warmUp == 0 { floor.beginCounting() }
    let end = model.arrivals.repeats ? nil : model.arrivals.end.map { Self.instant($0) }
    var asked = 0
    loop: while true {
      let line = floor.agenda.next()
      let clock = shard.nextDeadline?.nanoseconds ?? .max
      let staff = nextChange < changes.count ? Self.instant(changes[nextChange].at) : .max
      let caller = next?.at ?? .max
      let due = min(line, clock, staff, caller)
      if next == nil, floor.calls.isEmpty { break }
      guard due < .max else { break }
      if let end, due >= end, floor.now < end {
        floor.now = end
        floor.endCounting()
      }
      floor.now = max(floor.now, due)
      if line == due {
        lineIsDue()
      } else if clock == due {
        send(.clock)
      } else if staff == due {
        changeStaff()
      } else if let arrival = next {
        offer(type: arrival.type)
        next = nextArrival()
        if next == nil, end == nil { floor.endCounting() }
      }
      if arrived - asked >= 2_048 {
        asked = arrived
        guard goesOn(arrived) else {
          wasStopped = true
          break loop
        }
      }
    }
    floor.endCounting()
    recorder?.flush()
    return floor.report(types: model.types.map(\.name), wasStopped: wasStopped)
  }

  private static func instant(_ seconds: Double) -> UInt64 {
    SimulationFloor.nanoseconds(seconds)
  }

  // MARK: The beginning

  private mutating func begin() {
    send(.control(.start))
    var mentioned: [Bool] = model.plan.agents.map { _ in false }
    for change in changes {
      for id in change.agents {
        if let index = floor.agentIndex[id] { mentioned[Int(index)] = true }
      }
    }
    for index in model.plan.agents.indices where !mentioned[index] { beginWork(index) }
    while nextChange < changes.count, changes[nextChange].at <= 0 { changeStaff() }
  }

  private mutating func beginWork(_ index: Int) {
    let id = model.plan.agents[index].id
    var dn = model.plan.agents[index].extensionDN
    if dn.map({ floor.agent(at: $0) >= 0 }) ?? true {
      dn = model.plan.extensions.first { floor.agent(at: $0.dn) < 0 }?.dn
    }
    guard let dn else { return }
    send(.agent(.login(id, dn: dn, reference: 0)))
    send(.agent(.ready(id, reference: 0)))
  }

  /// As many of a group work as the change says: who is idle goes at once, then who finishes first.
  private mutating func changeStaff() {
    let change = changes[nextChange]
    let known = change.agents.compactMap { floor.agentIndex[$0] }
    for index in known { latestChange[Int(index)] = nextChange }
    var present = known.count { floor.isLoggedIn($0) }
    for index in known where present > change.count {
      guard floor.isLoggedIn(index), !floor.hasCall(index) else { continue }
      endWork(index)
      present -= 1
    }
    surplus[nextChange] = max(0, present - change.count)
    nextChange += 1
    // Whoever still talks from before counts only once he is called back: take the others first.
    for talks in [false, true] {
      for index in known where present < change.count {
        guard !floor.isLoggedIn(index), floor.hasCall(index) == talks else { continue }
        beginWork(Int(index))
        present += 1
      }
    }
  }

  private mutating func endWork(_ index: Int32) {
    send(.agent(.logout(model.plan.agents[Int(index)].id, reference: 0)))
  }

  /// Whoever hangs up when his group is too many goes home before he is given another call.
  private mutating func leaveIfTooMany(_ agent: Int32) {
    guard agent >= 0, !changes.isEmpty else { return }
    let change = latestChange[Int(agent)]
    guard change >= 0, surplus[change] > 0, floor.isLoggedIn(agent) else { return }
    surplus[change] -= 1
    endWork(agent)
  }

  // MARK: What happens

  private mutating func nextArrival() -> (at: UInt64, type: Int)? {
    if let calls = model.calls, arrived >= calls { return nil }
    guard let arrival = arrivals.next() else { return nil }
    return (Self.instant(arrival.at), arrival.type)
  }

  private mutating func offer(type: Int) {
    arrived += 1
    if arrived == model.warmUp + 1, model.warmUp > 0 { floor.beginCounting() }
    let slot = floor.arrive(
      type: type,
      service: SimulationFloor.nanoseconds(model.types[type].service.draw(&service)),
      patience: model.types[type].patience.map {
        SimulationFloor.nanoseconds($0.draw(&patience))
      },
      isCounted: arrived > model.warmUp
    )
    let connID = floor.calls[slot].connID
    offered(callOffer(connID, type))
    guard floor.calls[slot].connID == connID, floor.calls[slot].place == .waiting else { return }
    floor.calls[slot].hasWaited = true
    if let most = model.waitingMax, floor.waiting > most {
      floor.end(slot, .rejected)
      released(connID, by: .line)
    }
  }

  private mutating func callOffer(_ connID: ConnID, _ type: Int) -> CallOffer {
    CallOffer(
      connID,
      at: model.types[type].place,
      ani: model.types[type].ani,
      dnis: model.types[type].dnis,
      userData: model.types[type].userData
    )
  }

  private mutating func lineIsDue() {
    let item = floor.agenda.removeFirst()
    let slot = item / 2
    let call = floor.calls[slot]
    if item % 2 == 0 {
      // The patience or the conversation is at its end.
      if call.place == .talking { leaveIfTooMany(call.agent) }
      floor.end(slot, call.place == .talking ? .answered : .abandoned)
      released(call.connID, by: .caller)
    } else if call.place == .ringing {
      send(.line(.answered(call.connID, attempt: call.attempt)))
    } else {
      let result = TreatmentResult()
      send(.line(.treatmentEnded(call.connID, treatment: call.treatment, result)))
    }
  }

  // MARK: The engine

  private mutating func send(_ signal: consuming Signal) {
    give(signal)
    answerAll()
  }

  /// What the line answers at once; what that leads to is answered after what was there before it.
  private mutating func answerAll() {
    var next = 0
    while next < floor.replies.count {
      let reply = floor.replies[next]
      if reply.kind == .answered {
        answered(reply.call, attempt: reply.number)
      } else {
        if let signal = reply.signal { give(.line(signal)) }
      }
      next += 1
    }
    if next == 1 {
      floor.replies.removeLast()
    } else if next > 1 {
      floor.replies.removeAll(keepingCapacity: true)
    }
  }

  private mutating func give(_ signal: consuming Signal) {
    let now = Instant(nanoseconds: floor.now)
    switch signal {
    case .line(.answered(let connID, let attempt)):
      answered(connID, attempt: attempt)
      return
    case .line(.diverted(let connID, _)):
      if let slot = floor.calls.slot(of: connID) { floor.end(slot, .gone) }
    case .line, .agent, .strategy, .clock, .control: break
    }
    recorder?.note(signal, at: now)
    shard.handle(signal, at: now) { floor.take($0, recorder) }
  }

  private mutating func offered(_ offer: consuming CallOffer) {
    let now = Instant(nanoseconds: floor.now)
    if let recorder { recorder.note(.line(.offered(offer)), at: now) }
    shard.offered(offer, at: now) { floor.take($0, recorder) }
    answerAll()
  }

  private mutating func answered(_ connID: ConnID, attempt: UInt32) {
    guard floor.answer(connID) else { return }
    let now = Instant(nanoseconds: floor.now)
    if let recorder { recorder.note(.line(.answered(connID, attempt: attempt)), at: now) }
    shard.answered(connID, attempt: attempt, at: now) { floor.take($0, recorder) }
  }

  private mutating func released(_ connID: ConnID, by: ReleasedBy) {
    let now = Instant(nanoseconds: floor.now)
    if let recorder { recorder.note(.line(.released(connID, by: by)), at: now) }
    shard.released(connID, at: now) { floor.take($0, recorder) }
    answerAll()
  }
}

extension SimulationFloor {
  /// Takes in what the engine announces, and carries out what it asks of the line.
  mutating func take(_ outbox: borrowing Outbox, _ recorder: SimulationRecorder?) {
    if !outbox.events.isEmpty { note(outbox) }
    for index in outbox.lineCommands.indices {
      // Nearly every command is a diversion: nothing of another one is copied for it.
      if case .divert(let connID, let attempt, let to, let mode) = outbox.lineCommands[index] {
        divert(connID, attempt, to: to, mode)
      } else {
        perform(outbox.lineCommands[index])
      }
    }
    if let recorder { recorder.note(outbox.events) }
  }

  private mutating func perform(_ command: LineCommand) {
    switch command {
    case .divert(let connID, let attempt, let destination, let mode):
      divert(connID, attempt, to: destination, mode)
    case .cancelDiversion(let connID, _, _): cancelDiversion(connID)
    case .queued, .dequeued, .transfer, .alsoName: break
    case .reject(let connID, _):
      if let slot = calls.slot(of: connID) { end(slot, .rejected) }
    case .release(let connID):
      if let slot = calls.slot(of: connID) {
        end(slot, calls[slot].place == .talking ? .answered : .gone)
      }
    case .applyTreatment(let connID, let treatment, let kind):
      treat(connID, treatment, kind)
    case .readHeader(let connID, _): replies.append(LineReply(.header, connID))
    }
  }

  /// Announcements take five seconds; nobody types anything.
  private mutating func treat(_ connID: ConnID, _ treatment: UInt32, _ kind: Treatment) {
    guard let slot = calls.slot(of: connID), calls[slot].place == .waiting else { return }
    calls[slot].treatment = treatment
    replies.append(LineReply(.treatmentApplied, connID, treatment))
    switch kind {
    case .music, .silence, .ringback: agenda.remove(2 * slot + 1)
    case .announce: agenda.set(2 * slot + 1, due: now + 5_000_000_000)
    case .collect(_, let timeout, _):
      let wait = timeout ?? .seconds(10)
      agenda.set(2 * slot + 1, due: now + UInt64(max(0, wait.nanosecondsClamped)))
    }
  }
}
