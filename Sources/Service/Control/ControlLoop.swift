// The control thread: people, files and signals on one side, the shard's thread on the other.
//
// States: running; draining (the first SIGTERM, SIGINT or the end of --seconds: no new calls);
// leaving (the time to drain is over: the shard is told to stop, and says what it leaves behind);
// finished (no call is left, the shard has stopped, or a second signal came).
// Invariants: the shard is reached through its inbox only, and answers through ours; every
// ticket is answered at most once; one reload is on its way at a time, later ones wait for it.
// Who may change it: the thread that runs it. Source: HOUSE 2.9 (one control thread), SURFACE 2.

internal import Engine
internal import Reactor
internal import Wire

/// What the control thread is told by others, through its inbox.
enum ControlMessage: Sendable {
  /// By the shard's thread.
  case report(ShardReport)
  /// By the thread that prepares a reload.
  case prepared(Preparation.Outcome, ticket: UInt64)
  /// By whoever runs the service inside another program.
  case signal(ProcessSignal)
}

/// Serves the control socket, watches files and signals, and decides when the service ends.
struct ControlLoop: ~Copyable {
  /// Who waits for the answer to a ticket.
  enum Waiting {
    case picture(connection: UInt64, parts: [PictureWriter.Part])
    case strategies(connection: UInt64)
    case versions(connection: UInt64)
    case agent(connection: UInt64)
    case register(connection: UInt64)
    case statistics(connection: UInt64)
    case decision(connection: UInt64)
    case story(connection: UInt64, call: String)
    case refused(connection: UInt64)
    case events(connection: UInt64)
    case reload
  }

  enum Phase: Equatable {
    case running
    case draining(until: UInt64)
    case leaving
    case finished
  }

  static let listenerToken = EventLoop.Token(1)
  static let inboxToken = EventLoop.Token(2)
  static let signalsToken = EventLoop.Token(3)
  static let filesToken = EventLoop.Token(4)
  static let firstConnection: UInt64 = 16

  var loop: EventLoop
  let listener: UnixListener
  let signals: SignalWatch?
  var files: FileWatch?
  let inbox: Inbox<ControlMessage>
  let shard: Inbox<ShardRequest>
  let options: ServeOptions
  let site: Site
  let say: (String) -> Void
  var reload: StrategyReload

  var connections: [UInt64: ControlConnection] = [:]
  var nextConnection = Self.firstConnection
  var waiting: [UInt64: Waiting] = [:]
  var nextTicket: UInt64 = 1
  var phase = Phase.running
  var failure: String?
  var end: UInt64?
  /// When changed files are to be read, and the latest moment for it.
  var reloadDue: UInt64?
  var reloadLatest: UInt64 = 0
  var announces = false
  var batch: [ControlMessage] = []
  var changes: [FileWatch.Change] = []
  var writer = JSONWriter(capacity: 1 << 16)

  /// Works until the service has ended.
  mutating func run() throws {
    while phase != .finished {
      serveStreams()
      try updateInterests()
      let count = try loop.wait(until: deadline)
      for index in 0..<count { try handle(loop.ready(at: index)) }
      passTime()
    }
    shard.post(.stop)
    for id in connections.keys.sorted() { close(id) }
    if let failure { throw ServiceError(failure) }
  }

  private var deadline: UInt64? {
    var deadline = end
    if let due = reloadDue { deadline = min(deadline ?? due, due) }
    if let due = reload.giveUp { deadline = min(deadline ?? due, due) }
    if case .draining(let until) = phase { deadline = min(deadline ?? until, until) }
    return deadline
  }

  private mutating func handle(_ ready: EventLoop.Ready) throws {
    guard !ready.readiness.isEmpty else { return }
    switch ready.token {
    case Self.listenerToken:
      accept()
    case Self.inboxToken:
      inbox.drain(into: &batch)
      for message in batch { handle(message) }
      batch.removeAll(keepingCapacity: true)
    case Self.signalsToken:
      while let signal = try signals?.next() { handle(signal) }
    case Self.filesToken:
      noteChanges()
    default:
      guard let connection = connections[ready.token.rawValue] else { return }
      serve(connection, ready.readiness)
    }
  }

  private mutating func passTime() {
    let now = Clock.monotonic
    if let due = reloadDue, due <= now {
      reloadDue = nil
      startReload(.files, selfTest: options.selfTest)
    }
    giveUpPreparation(at: now)
    if case .draining(let until) = phase, until <= now {
      phase = .leaving
      shard.post(.stop)
    }
    if let end, end <= now {
      self.end = nil
      stop()
    }
  }

  // MARK: Signals

  private mutating func handle(_ signal: ProcessSignal) {
    switch signal {
    case .hangUp:
      if let text = reload.siteChange() { say(text) }
      startReload(.hangUp, selfTest: options.selfTest)
    case .terminate, .interrupt:
      stop()
    }
  }

  /// Stops: the first time no new calls are taken, the second time it is over at once.
  private mutating func stop() {
    switch phase {
    case .running:
      let wait = UInt64(options.drain * 1e9)
      phase = .draining(until: Clock.monotonic + wait)
      shard.post(.drain)
      say("stopping: no new calls; those that are there may take \(Int(options.drain)) s")
    case .draining, .leaving, .finished:
      phase = .finished
    }
  }

  // MARK: The shard's thread

  private mutating func handle(_ message: ControlMessage) {
    switch message {
    case .signal(let signal): handle(signal)
    case .prepared(let outcome, let ticket): finishPreparation(outcome, ticket: ticket)
    case .report(let report): handle(report)
    }
  }

  private mutating func handle(_ report: ShardReport) {
    switch report {
    case .agent(let agent, let refusal, let ticket):
      answer(ticket, agent: agent, refusal: refusal)
    case .done(let refusal, let ticket): answer(ticket, refusal: refusal)
    case .statistics(let text, let ticket): answer(ticket, statistics: text)
    case .decision(let text, let isRefusal, let ticket):
      answer(ticket, decision: text, isRefusal: isRefusal)
    case .story(let story, let ticket): answer(ticket, story: story)
    case .refused(let requests, let epoch, let ticket):
      answer(ticket, refused: requests, epoch: epoch)
    case .warning(let text): say(text)
    case .snapshot(let snapshot, let figures, let ticket):
      answer(ticket, snapshot: snapshot, figures: figures)
    case .events(let events, let oldest, let last, let ticket):
      guard case .events(let id)? = waiting.removeValue(forKey: ticket) else { return }
      connections[id]?.deliver(events, oldest: oldest, last: last, writer: &writer)
    case .published:
      for connection in connections.values { connection.events?.hasCaughtUp = false }
    case .switched(let switched, let ticket):
      guard case .reload? = waiting.removeValue(forKey: ticket) else { return }
      finishReload(switched)
    case .drained:
      phase = .finished
    case .stopped(let calls):
      if calls > 0 { say(farewell(to: calls)) }
      phase = .finished
    case .failed(let text):
      failure = text
      phase = .finished
    }
  }

  /// What becomes of the calls that took longer than the time to drain.
  private func farewell(to calls: Int) -> String {
    let (subject, verb) = calls == 1 ? ("1 call is", "it is") : ("\(calls) calls are", "they are")
    let fate = options.store ? "kept for the next start" : "hung up"
    return "\(subject) still there after the time to drain: \(verb) \(fate)"
  }

  /// A new ticket for somebody who waits.
  mutating func ticket(for somebody: Waiting) -> UInt64 {
    let ticket = nextTicket
    nextTicket += 1
    waiting[ticket] = somebody
    return ticket
  }

  // MARK: Streams of events

  /// Fetches events for every stream that has room for them.
  private mutating func serveStreams() {
    let follows = connections.values.contains { $0.events?.follows == true }
    if follows != announces {
      announces = follows
      shard.post(.announceEvents(follows))
    }
    for id in connections.keys.sorted() {
      guard let connection = connections[id], connection.hasRoom else { continue }
      guard let events = connection.events, !events.isReading, !events.hasCaughtUp else {
        continue
      }
      connection.events?.isReading = true
      let ticket = ticket(for: .events(connection: id))
      shard.post(.events(from: events.next, count: 512, ticket: ticket))
    }
  }
}
