// Callers, phones and what is counted: everything around the engine.
//
// States: before the warm-up is over -> counting -> the last call has come, the rest is finished.
// Invariants: every call of `calls` that waits is in `waiting`; the agenda holds a caller's
// patience or the end of his talk under twice his slot, and what his phone or treatment does next
// under the number after that; nothing here grows with the number of calls that have ended.
// Who may change it: `Simulation`, before and after each signal.

internal import Engine

/// The callers and phones of a simulation, and its figures.
struct SimulationFloor {
  let model: SimulationModel
  var calls = SimulatedCalls()
  var agenda = Agenda()
  /// What the line answers at once to the engine's last commands.
  var replies: [LineReply] = []
  /// Those of them that are not of the usual kinds.
  private var otherReplies: [LineSignal] = []
  var now: UInt64 = 0

  var total: Tally
  var batches: Batches
  var histogram = WaitHistogram()
  var targets: [SimulationReport.Place] = []
  var queues: [SimulationReport.Place] = []
  /// What every agent did, as far as it is added up.
  var agents: [SimulationReport.Agent] { standings.map(\.figures) }
  let threshold: UInt64
  /// The same over the day; nil: nobody asks.
  var course: DayCourse?

  /// The numbers of the plan's extensions, and of each the agent who sits there and its target.
  private var extensions = DNTable()
  private var desks: [Desk] = []
  private var otherTargets: [Destination: Int32] = [:]
  private var queueIndex: [DN: Int32] = [:]
  private var lastDevice: (dn: DN, queue: Int32) = ("", -1)
  var agentIndex: [AgentID: Int32] = [:]
  private var standings: [Standing]
  private var waiters = Level()
  private var busy = Level()
  private var staff = Level()
  private var isCounting = false
  /// Until when the times of the total are added up, and those of the day's course.
  private var lastSum: UInt64 = 0
  private var lastChange: UInt64 = 0
  private let ringing: UInt64

  /// An extension: who sits there, and where calls to it are counted; negative: nobody, nowhere.
  private struct Desk {
    var agent: Int32 = -1
    var target: Int32 = -1
  }

  /// How an agent stands, and what he did so far.
  private struct Standing {
    var figures: SimulationReport.Agent
    var isLoggedIn = false
    var isInAfterCallWork = false
    var calls = 0
    var busySince: UInt64 = 0
    var staffSince: UInt64 = 0

    var isBusy: Bool { calls > 0 || isInAfterCallWork }

    init(of agent: AgentID) { figures = SimulationReport.Agent(id: agent.text) }

    /// One call more; whether he is busy only from now on.
    mutating func takeCall(at now: UInt64, isCounted: Bool) -> Bool {
      if isCounted { figures.calls += 1 }
      let begins = !isBusy
      if begins { busySince = now }
      calls += 1
      return begins
    }

    /// One call less; whether he is not busy any more.
    mutating func endCall(at now: UInt64, isCounting: Bool) -> Bool {
      calls -= 1
      guard !isBusy else { return false }
      if isCounting { addBusy(until: now) }
      return true
    }

    mutating func addBusy(until now: UInt64) {
      figures.busySeconds += Double(now - busySince) / 1e9
    }

    mutating func addStaff(until now: UInt64) {
      figures.staffSeconds += Double(now - staffSince) / 1e9
    }
  }

  init(_ model: SimulationModel) {
    self.model = model
    total = Tally(types: model.types.count)
    batches = Batches(types: model.types.count)
    threshold = UInt64(max(0, model.threshold.nanosecondsClamped))
    ringing = UInt64(max(0, model.ringing.nanosecondsClamped))
    standings = model.plan.agents.map { Standing(of: $0.id) }
    for (index, agent) in model.plan.agents.enumerated() {
      agentIndex[agent.id] = Int32(index)
    }
    for (index, entry) in model.plan.extensions.enumerated() {
      extensions[entry.dn] = Int32(index)
      desks.append(Desk())
    }
    for queue in model.plan.queues {
      queueIndex[queue.dn] = Int32(queues.count)
      queues.append(SimulationReport.Place(name: queue.dn.number))
    }
  }

  // MARK: Time

  /// From here on things count.
  mutating func beginCounting() {
    isCounting = true
    lastChange = now
    lastSum = now
    _ = waiters.takeSeconds(until: now)
    _ = busy.takeSeconds(until: now)
    _ = staff.takeSeconds(until: now)
    for index in standings.indices {
      standings[index].busySince = now
      standings[index].staffSince = now
    }
  }

  /// Times and averages end here; calls that are still there may finish.
  mutating func endCounting() {
    guard isCounting else { return }
    noteCourse()
    sumUp()
    for index in standings.indices {
      if standings[index].isBusy { standings[index].addBusy(until: now) }
      if standings[index].isLoggedIn { standings[index].addStaff(until: now) }
    }
    isCounting = false
  }

  /// How many callers wait.
  var waiting: Int { waiters.count }

  /// Something is about to change: what was until now goes into the day's course.
  private mutating func noteCourse() {
    guard course != nil, isCounting, now > lastChange else { return }
    course?.add(
      from: lastChange,
      to: now,
      waiting: waiters.count,
      busy: busy.count,
      staff: staff.count
    )
    lastChange = now
  }

  /// Adds the times until now to the total.
  private mutating func sumUp() {
    guard isCounting else { return }
    total.add(Double(now - lastSum) / 1e9, to: .seconds)
    total.add(waiters.takeSeconds(until: now), to: .waitingSeconds)
    total.add(busy.takeSeconds(until: now), to: .busySeconds)
    total.add(staff.takeSeconds(until: now), to: .staffSeconds)
    lastSum = now
  }

  // MARK: Callers

  /// A caller is there.
  ///
  /// - Parameters:
  ///   - type: Which of the model's types he is of.
  ///   - service: How long he will talk, in nanoseconds.
  ///   - patience: How long he waits, in nanoseconds; nil: for ever.
  ///   - isCounted: Whether the warm-up is over.
  ///   - connID: What his call is called; nil: that is made up.
  /// - Returns: His slot.
  mutating func arrive(
    type: Int,
    service: UInt64,
    patience: UInt64?,
    isCounted: Bool,
    connID: ConnID? = nil
  ) -> Int32 {
    var call = SimulatedCall()
    call.offered = now
    call.type = Int32(type)
    call.service = service
    call.place = .waiting
    call.isCounted = isCounted
    let slot = connID.map { calls.insert(call, $0) } ?? calls.insert(call)
    noteCourse()
    waiters.rise(at: now)
    if let patience {
      let (due, isTooFar) = now.addingReportingOverflow(patience)
      if !isTooFar { agenda.set(2 * slot, due: due) }
    }
    return slot
  }

  /// Seconds as nanoseconds, up to a hundred years.
  static func nanoseconds(_ seconds: Double) -> UInt64 {
    UInt64(min(max(seconds, 0), 3e9) * 1e9)
  }

  /// A call is over.
  mutating func end(_ slot: Int32, _ end: SimulatedEnd) {
    let call = calls[slot]
    agenda.remove(2 * slot)
    agenda.remove(2 * slot + 1)
    noteCourse()
    switch call.place {
    case .none: return
    case .waiting: waiters.fall(at: now)
    case .ringing, .talking: letGo(call.agent)
    }
    if call.isCounted { count(call, end) }
    calls.remove(slot)
  }

  /// Counts a call that is over.
  mutating func count(_ call: SimulatedCall, _ end: SimulatedEnd) {
    let wait = (end == .answered ? call.answered : now) - call.offered
    let seconds = Double(wait) / 1e9
    let isInTime = wait <= threshold
    if end == .answered { histogram.add(wait) }
    total.count(call, end, seconds: seconds, isInTime: isInTime)
    if end == .unanswerable { return }
    course?.add(call, end, wait, isInTime: isInTime)
    if call.target >= 0 { targets[Int(call.target)].count(end) }
    if call.queue >= 0 { queues[Int(call.queue)].count(end, waited: seconds) }
    if batches.isFull() {
      sumUp()
      batches.end(at: total)
    }
  }

  // MARK: Phones

  /// A call is sent somewhere, and the phones of the model react.
  mutating func divert(
    _ connID: ConnID,
    _ attempt: UInt32,
    to destination: Destination,
    _ mode: DivertMode
  ) {
    guard let slot = send(connID, attempt, to: destination) else { return }
    if mode == .redirect {
      replies.append(LineReply(.diverted, connID, attempt))
    } else if ringing == 0 {
      replies.append(LineReply(.answered, connID, attempt))
    } else {
      replies.append(LineReply(.ringing, connID, attempt))
      agenda.set(2 * slot + 1, due: now + ringing)
    }
  }

  /// Who is asked to take a call is busy from then on; returns its slot, if it still waits.
  mutating func send(
    _ connID: ConnID,
    _ attempt: UInt32,
    to destination: Destination
  ) -> Int32? {
    guard let slot = calls.slot(of: connID), calls[slot].place == .waiting else { return nil }
    noteCourse()
    waiters.fall(at: now)
    agenda.remove(2 * slot + 1)
    let desk = self.desk(destination)
    calls[slot].ring(at: desk.target, of: desk.agent, attempt: attempt)
    if desk.agent >= 0 {
      engage(desk.agent, isCounted: calls[slot].isCounted)
    }
    return slot
  }

  private mutating func desk(_ destination: Destination) -> Desk {
    switch destination {
    case .dn(let dn):
      guard let index = extensions[dn] else { return outside(destination, named: dn.number) }
      if desks[Int(index)].target < 0 {
        desks[Int(index)].target = Int32(targets.count)
        targets.append(SimulationReport.Place(name: dn.number))
      }
      return desks[Int(index)]
    case .trunk(let name, _): return outside(destination, named: "trunk:" + name)
    }
  }

  private mutating func outside(_ destination: Destination, named name: String) -> Desk {
    if let target = otherTargets[destination] { return Desk(target: target) }
    let target = Int32(targets.count)
    otherTargets[destination] = target
    targets.append(SimulationReport.Place(name: name))
    return Desk(target: target)
  }

  /// Says something at once that is not of the usual kinds.
  mutating func reply(_ signal: LineSignal) {
    replies.append(LineReply(.other, ConnID(0), UInt32(otherReplies.count)))
    otherReplies.append(signal)
  }

  /// What a reply says, of whatever kind it is.
  func signal(of reply: LineReply) -> LineSignal {
    reply.signal ?? otherReplies[Int(reply.number)]
  }

  /// Everything that was to be said is said.
  mutating func removeReplies() {
    replies.removeAll(keepingCapacity: true)
    if !otherReplies.isEmpty { otherReplies.removeAll(keepingCapacity: true) }
  }

  /// Who sits at a DN; negative: nobody.
  func agent(at dn: DN) -> Int32 { extensions[dn].map { desks[Int($0)].agent } ?? -1 }

  private mutating func sit(_ agent: Int32, at dn: DN) {
    if let index = extensions[dn] { desks[Int(index)].agent = agent }
  }

  private mutating func engage(_ agent: Int32, isCounted: Bool) {
    if standings[Int(agent)].takeCall(at: now, isCounted: isCounted) { busy.rise(at: now) }
  }

  private mutating func letGo(_ agent: Int32) {
    guard agent >= 0 else { return }
    if standings[Int(agent)].endCall(at: now, isCounting: isCounting) { busy.fall(at: now) }
  }

  /// The call comes back from a phone.
  mutating func cancelDiversion(_ connID: ConnID) {
    guard let slot = calls.slot(of: connID), calls[slot].place == .ringing else { return }
    noteCourse()
    agenda.remove(2 * slot + 1)
    letGo(calls[slot].agent)
    calls[slot].agent = -1
    calls[slot].place = .waiting
    waiters.rise(at: now)
  }

  /// Somebody picked up; false when nothing rings for this call any more.
  mutating func answer(_ connID: ConnID) -> Bool {
    guard let slot = calls.slot(of: connID), calls[slot].place == .ringing else { return false }
    agenda.remove(2 * slot + 1)
    calls[slot].talk(from: now)
    agenda.set(2 * slot, due: now + calls[slot].service)
    return true
  }

  // MARK: Events

  /// Takes in what the engine announced, as far as it is not known anyhow.
  mutating func note(_ outbox: borrowing Outbox) {
    for index in outbox.events.indices {
      switch outbox.events[index].kind {
      case .agentLogin, .agentLogout, .agentReady, .agentNotReady:
        noteAgent(outbox.events[index])
      case .queued where !queues.isEmpty: noteQueue(outbox.events[index])
      case .routeUsed where outbox.events[index].routeType == .default:
        if let call = outbox.events[index].call, let slot = calls.slot(of: call.connID) {
          calls[slot].isDefaulted = true
        }
      default: break
      }
    }
  }

  private mutating func noteQueue(_ event: borrowing Event) {
    // Most calls enter at the same device as the one before.
    if event.thisDN != lastDevice.dn {
      lastDevice = (event.thisDN, queueIndex[event.thisDN] ?? -1)
    }
    guard lastDevice.queue >= 0, let call = event.call, let slot = calls.slot(of: call.connID)
    else { return }
    calls[slot].queue = lastDevice.queue
  }

  private mutating func noteAgent(_ event: borrowing Event) {
    guard let id = event.agentID, let agent = agentIndex[id] else { return }
    let index = Int(agent)
    noteCourse()
    if event.kind == .agentLogin {
      sit(agent, at: event.thisDN)
      if !standings[index].isLoggedIn {
        standings[index].isLoggedIn = true
        standings[index].staffSince = now
        staff.rise(at: now)
      }
    }
    let isInAfterCallWork = event.kind == .agentNotReady && event.workMode == .afterCallWork
    if standings[index].isInAfterCallWork != isInAfterCallWork {
      let wasBusy = standings[index].isBusy
      standings[index].isInAfterCallWork = isInAfterCallWork
      if wasBusy, !standings[index].isBusy {
        busy.fall(at: now)
        if isCounting { standings[index].addBusy(until: now) }
      } else if !wasBusy {
        busy.rise(at: now)
        standings[index].busySince = now
      }
    }
    if event.kind == .agentLogout, standings[index].isLoggedIn {
      standings[index].isLoggedIn = false
      staff.fall(at: now)
      if isCounting { standings[index].addStaff(until: now) }
      sit(-1, at: event.thisDN)
    }
  }

  /// Whether an agent is busy with a call.
  func hasCall(_ agent: Int32) -> Bool { standings[Int(agent)].calls > 0 }

  /// Whether an agent is logged in.
  func isLoggedIn(_ agent: Int32) -> Bool { standings[Int(agent)].isLoggedIn }
}
