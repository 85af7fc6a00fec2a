// The shard's thread: one engine, its strategies, one switch and its sockets.
//
// States: running, draining (no new calls; those that are there end in peace), stopped.
// Invariants: everything here belongs to one thread; others reach it through `Inbox` only. Instants
// never go back. A turn of the loop is: what came on the line (about a batch), what was posted,
// what is due, until no signal is left; then everything that is to be sent goes out in one batch.
// With a store, each turn is handed to its writer as values; what outsiders will rely on leaves
// when it is committed. Between a packet and its reply there is no allocation per datagram, and no
// text. Who may change it: the thread itself; requests change it in the order of the inbox.
// Source: HOUSE 2.9 (threading), 2.10 (a call in ten lines).

internal import Engine
internal import Journal
internal import LuaBridge
internal import Reactor
internal import SIPGlue
internal import Wire

/// Drives a shard with real time and real packets.
struct ShardLoop: ~Copyable {
  /// What a shard's thread is made from.
  struct Blueprint: Sendable {
    var site: Site
    var installation: Installation
    var requests: Inbox<ShardRequest>
    var reports: Inbox<ControlMessage>
    /// Our side of TLS; nil: there is none.
    var credentials: TLSCredentials?
    /// Where events are written as T-Library dumps; nil: nowhere.
    var dumpPath: String?
    /// The folder of the store; nil: nothing is remembered.
    var storeFolder: String?
    /// The sources of the first generation.
    var sources: StrategyFiles
    /// The numbers of the versions that are kept, by fingerprint.
    var versions: [String: Int] = [:]
    /// What else may keep a generation from taking over; asked when it is handed the state.
    var handOver: HandOver?
    /// Called once with the addresses that SIP is served on.
    var whenBound: @Sendable ([SIPListener]) -> Void
  }

  /// Looks at a generation that is about to take over, on the shard's thread; says what is wrong.
  typealias HandOver = @Sendable (_ number: Int) -> [Finding]

  /// What the first signals are made of.
  struct Beginning {
    /// Calls that did not outlive the server's end.
    var calls: [ConnID] = []
    /// How many calls did.
    var kept = 0
    /// Those of their strategies that could not be taken up.
    var lost: [LuaStrategies.LostRun] = []
    /// The generation that was current then.
    var strategies = ""
    /// The sources of the generation that is now.
    var sources: StrategyFiles?
    /// What another site's engine hands over.
    var carried: CarriedState?
    /// What people must know of the store.
    var notices: [String] = []
    /// The extensions whose registration is still valid.
    var registered: [DN] = []
  }

  private enum Phase {
    case running
    case draining
    case stopped
  }

  /// How long one step of a strategy may hold the loop.
  private static let stepMilliseconds: Int64 = 10
  private static let lineToken = EventLoop.Token(1)
  private static let inboxToken = EventLoop.Token(2)
  private static let storeToken = EventLoop.Token(3)
  private static let streamsToken = EventLoop.Token(4)

  private var loop: EventLoop
  var line: LineSide
  var shard: Shard<LuaStrategies>
  let points: [RoutingPointPlan]
  let handOver: HandOver?
  private let requests: Inbox<ShardRequest>
  let reports: Inbox<ControlMessage>
  private var batch: [ShardRequest] = []
  private var phase = Phase.running
  /// The reading of the monotonic clock at instant zero; it may lie before the machine's start.
  private let start: UInt64
  /// What instant zero is.
  let epoch: UInt64
  var beginning: Beginning
  /// Writes what happens; nil: nobody does.
  var writer: StoreWriter?
  /// The last group that the writer was given, and the last that it has committed.
  var lastGroup: UInt64 = 0
  var committed: UInt64 = 0
  /// What waits for which commit; the oldest first.
  var marks: [CommitMark] = []
  /// Datagrams before this one, of all that were ever made, may leave.
  var released: UInt64 = 0
  /// Answers that leave after a commit.
  var held: [ShardReport] = []
  var storeIsTroubled = false
  /// Whether the writer has more to do than it can.
  var isOverrun = false
  private var interest: Readiness = .readable
  private var door = DoorLog()
  private var announcesEvents = false
  private var hasPublished = false
  var references: UInt32 = 0
  /// When the engine got its last signal.
  private var lastSignal = Instant.zero
  /// When images are taken, and the longest that one has held the loop, in nanoseconds.
  var images: ImageSchedule
  var imagePause: UInt64 = 0

  /// Makes everything that the thread owns; call it on that thread.
  init(_ blueprint: Blueprint) throws {
    let site = blueprint.site
    let dump = try blueprint.dumpPath.map { try DumpFile($0) }
    let plan = site.plan
    var memory = try blueprint.storeFolder.map { try Memory(plan, store: $0) } ?? Memory(plan)
    let start = memory.monotonic &- memory.instant.nanoseconds
    let transports = try LineTransports(
      listeners: site.sipListeners,
      lineThreads: site.lineThreads,
      credentials: blueprint.credentials
    )
    var telephony = try SIPSwitch(
      plan: site.sipPlan(boundTo: transports.listeners),
      start: Self.firstConnID(after: memory.lastConnID),
      secret: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    )
    Self.restore(memory.bindings, to: &telephony)
    telephony.keepsDialogs = blueprint.storeFolder != nil
    telephony.keepsRegistrations = blueprint.storeFolder != nil
    let kept = Self.restore(memory.dialogs, of: memory.calls, to: &telephony, at: memory.instant)
    var strategies = LuaStrategies(
      blueprint.installation.generation,
      number: blueprint.installation.number,
      limits: plan.limits,
      budget: .watched(milliseconds: Self.stepMilliseconds)
    )
    var beginning = memory.beginning(sources: blueprint.sources, kept: kept)
    beginning.lost = memory.suspended.takeUp(
      in: &strategies,
      numbers: blueprint.versions,
      isAlive: { kept.contains($0) }
    )
    let writer = try blueprint.storeFolder.map {
      try StoreWriter.start(folder: $0, options: site.store)
    }
    blueprint.whenBound(transports.listeners)
    var loop = try EventLoop()
    if let writer { try loop.add(writer.descriptor, .readable, token: Self.storeToken) }
    if let descriptor = transports.descriptors.datagrams {
      loop.add(apart: descriptor, .readable, token: Self.lineToken)
    }
    try loop.add(transports.descriptors.streams, .readable, token: Self.streamsToken)
    try loop.add(blueprint.requests.descriptor, .readable, token: Self.inboxToken)
    self.start = start
    epoch = memory.epoch
    self.loop = loop
    self.writer = writer
    self.beginning = beginning
    references = memory.reference
    images = ImageSchedule(site.store, at: memory.instant)
    line = LineSide(
      telephony: telephony,
      transports: transports,
      log: memory.log,
      dump: dump
    )
    line.statistics = memory.statistics
    line.recorder.isOn = writer != nil
    let runs = memory.suspended.runs
    shard = Shard(engine: memory.engine, strategies: strategies, runs: runs)
    shard.keepsSteps = writer != nil
    shard.keepsRuns = writer != nil
    points = plan.routingPoints
    handOver = blueprint.handOver
    requests = blueprint.requests
    reports = blueprint.reports
  }

  /// Works until told to stop.
  mutating func run() {
    line.transports.takeProcessor()
    begin()
    defer {
      closeStore()
      line.finish()
    }
    do {
      while true {
        if case .stopped = phase { return }
        try turn()
      }
    } catch {
      reports.post(.report(.failed("\(error)")))
    }
  }

  /// Whether no new calls are taken any more.
  var isStopping: Bool {
    if case .running = phase { return false }
    return true
  }

  var now: Instant { Instant(nanoseconds: Clock.monotonic &- start) }

  private mutating func turn() throws(ReactorError) {
    settle(at: now)
    deliver(at: now)
    if let trouble = line.writeDump() { reports.post(.report(.warning(trouble))) }
    if line.transports.interest != interest,
      let descriptor = line.transports.descriptors.datagrams
    {
      interest = line.transports.interest
      try loop.change(descriptor, interest)
    }
    if let sentence = door.sentence(line.telephony.counters, at: now) {
      reports.post(.report(.warning(sentence)))
    }
    publish()
    var hasDatagrams = try line.transports.areLinesReady()
    let count = try loop.wait(until: hasDatagrams ? Clock.monotonic : deadline)
    let now = now
    var hasRequests = false
    for index in 0..<count {
      switch loop.ready(at: index).token {
      case Self.lineToken: hasDatagrams = true
      case Self.streamsToken: line.receiveStreams(at: now)
      case Self.inboxToken: hasRequests = true
      case Self.storeToken: hearStore(at: now)
      default: break
      }
    }
    if hasDatagrams { line.receiveDatagrams(at: now) }
    if line.transports.hasLost { line.receiveStreams(at: now) }
    settle(at: now)
    if hasRequests {
      requests.drain(into: &batch)
      for request in batch { handle(request, at: now) }
      batch.removeAll(keepingCapacity: true)
    }
  }

  /// The next moment at which something is due, on the monotonic clock.
  private var deadline: UInt64? {
    if line.transports.hasLost { return Clock.monotonic }
    let line = line.telephony.nextDeadline ?? .distantFuture
    let first = min(line, shard.nextDeadline ?? .distantFuture)
    guard first < .distantFuture else { return nil }
    // Instant zero may lie before the machine's start: what is due has passed only by comparison.
    let present = now
    return first <= present ? Clock.monotonic : start &+ first.nanoseconds
  }

  // MARK: Signals

  /// Lets pass what is due, and handles signals until none is left.
  private mutating func settle(at now: Instant) {
    takeSignals(at: now)
    if let due = line.telephony.nextDeadline, due <= now {
      line.telephony.advance(to: now)
      takeSignals(at: now)
    }
    if let due = shard.nextDeadline, due <= now {
      feed(.clock, at: now)
      takeSignals(at: now)
    }
    if case .draining = phase, line.telephony.callCount == 0 {
      phase = .stopped
      closeStore()
      line.send()
      if let trouble = line.writeDump() { reports.post(.report(.warning(trouble))) }
      reports.post(.report(.drained))
    }
  }

  /// Hands the switch's signals to the engine; commands may bring about further ones.
  private mutating func takeSignals(at now: Instant) {
    var index = 0
    while index < line.telephony.signals.count {
      let signal = line.telephony.signals[index]
      index += 1
      feed(.line(signal), at: now)
    }
    line.telephony.removeSignals()
  }

  /// Hands a signal to the engine, at an instant that no other signal has: those of one turn are a
  /// nanosecond apart, so that whoever knows only when things happened knows their order too.
  mutating func feed(_ signal: Signal, at now: Instant) {
    lastSignal = max(now, Instant(nanoseconds: lastSignal.nanoseconds + 1))
    Self.feed(signal, at: lastSignal, turn: now, to: &shard, &line)
  }

  private static func feed(
    _ signal: Signal,
    at instant: Instant,
    turn now: Instant,
    to shard: inout Shard<LuaStrategies>,
    _ line: inout LineSide
  ) {
    line.recorder.enter(signal, at: instant)
    shard.handle(signal, at: instant) { outbox in line.perform(&outbox, at: now) }
    if !shard.steps.isEmpty { line.recorder.add(shard.steps, at: instant) }
  }

  // MARK: Requests

  private mutating func handle(_ request: ShardRequest, at now: Instant) {
    switch request {
    case .agent(let signal, let ticket):
      agent(signal, ticket: ticket, at: now)
    case .register(let dn, let isRegistered, let ticket):
      register(dn, isRegistered, ticket: ticket, at: now)
    case .statistics(let ticket):
      var writer = JSONWriter()
      writer.value(line.statistics, at: max(Clock.realtime, line.statistics.time))
      reports.post(.report(.statistics(writer.text, ticket: ticket)))
    case .decision(let call, let agent, let all, let ticket):
      let (text, isRefusal) = explain(call, agent, all: all)
      reports.post(.report(.decision(text, isRefusal: isRefusal, ticket: ticket)))
    case .story(let call, let ticket):
      answer(.story(story(of: call), ticket: ticket))
    case .refused(let ticket):
      let requests = line.telephony.refusedRequests
      reports.post(.report(.refused(requests, epoch: epoch, ticket: ticket)))
    case .snapshot(let ticket):
      let snapshot = shard.snapshot(at: now)
      reports.post(.report(.snapshot(snapshot, figures: figures, ticket: ticket)))
    case .events(let from, let count, let ticket):
      hasPublished = false
      let events = line.log.events(from: from, count: count)
      // Nobody is shown an event that a crash could take back.
      answer(.events(events, oldest: line.log.oldest, last: line.log.last, ticket: ticket))
    case .announceEvents(let wanted):
      announcesEvents = wanted
      hasPublished = false
    case .install(let installation, let ticket):
      let began = Clock.monotonic
      let failure = install(installation, at: now)
      let switched = Switched(
        failure: failure,
        pause: Clock.monotonic - began,
        alive: shard.strategies.generations.map { $0.number }
      )
      answer(.switched(switched, ticket: ticket))
    case .renew(let credentials):
      line.transports.use(credentials)
    case .drain:
      guard case .running = phase else { return }
      phase = .draining
      updateAdmission()
      feed(.control(.drain), at: now)
      settle(at: now)
    case .stop:
      reports.post(.report(.stopped(calls: line.telephony.callCount)))
      // With a store, who waits goes on waiting, and who talks goes on talking.
      if writer == nil { hangUpAll(at: now) }
      phase = .stopped
    }
  }

  private var figures: ShardFigures {
    ShardFigures(
      generations: shard.strategies.generations,
      calls: line.telephony.callCount,
      legs: line.telephony.legCount,
      transactions: line.telephony.transactionCount,
      received: line.transports.received,
      sent: line.transports.sent
    )
  }

  private mutating func agent(_ signal: AgentRequest, ticket: UInt64, at now: Instant) {
    references += 1
    line.reference = references
    line.refusal = nil
    feed(.agent(signal.signal(reference: references)), at: now)
    line.reference = 0
    takeSignals(at: now)
    let picture = shard.snapshot(at: now).agents.first { $0.id == signal.agent }
    answer(.agent(picture, refusal: line.refusal, ticket: ticket))
    line.refusal = nil
  }

  private mutating func register(_ dn: DN, _ isIn: Bool, ticket: UInt64, at now: Instant) {
    references += 1
    line.reference = references
    line.refusal = nil
    feed(
      .agent(
        isIn
          ? .registerAddress(dn, reference: references)
          : .unregisterAddress(dn, reference: references)
      ),
      at: now
    )
    line.reference = 0
    takeSignals(at: now)
    answer(.done(refusal: line.refusal, ticket: ticket))
    line.refusal = nil
  }

  /// The decision record of a call as JSON, or a sentence that says why there is none.
  private func explain(
    _ name: String,
    _ agent: AgentID?,
    all: Bool
  ) -> (text: String, isRefusal: Bool) {
    if let agent, !shard.hasAgent(agent) {
      return ("there is no agent \"\(agent.text)\"", true)
    }
    guard let call = call(named: name),
      let record = shard.decision(of: call, only: agent)
    else {
      return (
        "no call \"\(name)\" is known (any more): say a ConnID, a CallUUID, a CallID, the caller's "
          + "number, or last",
        true
      )
    }
    let lines =
      agent.map { DecisionText.lines(record, whyNot: $0) }
      ?? DecisionText.lines(record, candidatesMax: all ? .max : DecisionText.candidatesShown)
    var writer = JSONWriter()
    writer.value(record, onlySearches: agent != nil, lines: lines)
    return (writer.text, false)
  }

  /// Ends every call that is left, as politely as one datagram allows.
  private mutating func hangUpAll(at now: Instant) {
    for call in shard.snapshot(at: now).calls {
      line.telephony.perform(.release(call.attributes.connID), at: now)
      feed(.line(.released(call.attributes.connID, by: .line)), at: now)
    }
    line.telephony.releaseUnseen(at: now)
    line.telephony.removeSignals()
    line.send()
  }

  /// Says once that there are new events, to whoever wants to know.
  private mutating func publish() {
    guard announcesEvents, !hasPublished, line.log.last > 0 else { return }
    guard line.log.last > lastPublished else { return }
    lastPublished = line.log.last
    hasPublished = true
    // Behind the answers that are held: a reader whose answer comes later would forget it.
    if held.isEmpty { reports.post(.report(.published)) } else { held.append(.published) }
  }
  private var lastPublished: UInt64 = 0
}
