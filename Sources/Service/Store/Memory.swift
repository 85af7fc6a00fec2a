// What a shard begins with: nothing, or what its store remembers.
//
// The same site: the engine as it was, from its signals; instants, events, tickets go on. Another
// site: a new recording in the same store, which begins with what can be carried over (who is
// registered, who is logged in and how, what strategies keep); sequence numbers go on.

internal import Engine
internal import Journal
internal import Reactor
internal import SIPGlue

/// The beginning of a shard.
struct Memory: ~Copyable {
  /// The engine.
  var engine: RoutingEngine
  /// What instant zero is.
  var epoch: UInt64
  /// The instant at which it goes on.
  var instant: Instant
  /// The reading of the monotonic clock at that instant.
  let monotonic: UInt64
  /// The events so far.
  var log: EventLog
  /// What they add up to.
  var statistics: Statistics
  /// The current generation's fingerprint; empty when none was.
  var strategies = ""
  /// The last reference number.
  var reference: UInt32 = 0
  /// Registrations that were valid.
  var bindings: [StoredBinding] = []
  /// Calls that were alive when the server ended.
  var calls: [ConnID] = []
  /// Strategies that were suspended then.
  var suspended = SuspendedRuns()
  /// What the line side kept.
  var dialogs: [StoredDialog] = []
  /// The last ConnID of all.
  var lastConnID: ConnID?
  /// What another site's engine hands over.
  var carried: Carried?
  /// What can go over from one site to another.
  struct Carried: Sendable {
    var agents: [AgentPicture] = []
    var state: [StrategyState] = []
  }

  /// The beginning of a shard that remembers nothing.
  init(_ plan: Plan) {
    monotonic = Clock.monotonic
    // In whole microseconds, which recordings spell as text.
    epoch = Clock.realtime / 1_000 * 1_000
    engine = RoutingEngine(plan: plan, seed: Self.newSeed, epoch: epoch)
    instant = .zero
    log = EventLog(capacity: plan.limits.eventsKeptMax)
    statistics = Self.noStatistics
  }

  /// The beginning of a shard with the store of a folder.
  ///
  /// - Throws: Why the store cannot be used.
  init(_ plan: Plan, store folder: String) throws(StoreError) {
    self.init(plan)
    // Made when there is none, and read from end to end when there is one.
    // Callers' numbers and data stand in it.
    Files.makePrivate(folder + "/" + Store.fileName)
    do { _ = try Store(writing: folder) }
    var head = RecordingHead(plan: plan, seed: Self.newSeed, epoch: epoch)
    head.engine = Service.version
    var ending: [StoreEntry] = []
    if let last = try read(folder, plan, &ending) {
      if last.isSame { return }
      head.counters = last.counters
    }
    engine = RoutingEngine(plan: plan, seed: head.seed, epoch: epoch, after: head.counters)
    var store = try Store(writing: folder, isChecked: true)
    try store.write(ending)
    try store.begin(head, at: epoch)
  }

  /// What the first signals are made of; `kept` are the calls that go on.
  func beginning(sources: StrategyFiles, kept: Set<ConnID>) -> ShardLoop.Beginning {
    ShardLoop.Beginning(
      calls: calls.filter { !kept.contains($0) },
      kept: kept.count,
      strategies: strategies,
      sources: sources,
      carried: carried,
      registered: bindings.filter { $0.expires > instant }.reduce(into: []) { dns, binding in
        if dns.last != binding.dn { dns.append(binding.dn) }
      }
    )
  }

  /// Reads the last recording; nil when there is none.
  ///
  /// `ending` receives what brings it to its end, when the site is another now.
  private mutating func read(
    _ folder: String,
    _ plan: Plan,
    _ ending: inout [StoreEntry]
  ) throws(StoreError) -> (isSame: Bool, counters: EngineCounters)? {
    let reader = try StoreReader(folder, isChecked: true)
    guard let recording = try reader.recordings().last else { return nil }
    var log = EventLog(capacity: plan.limits.eventsKeptMax)
    var statistics = Self.noStatistics
    var recovered = try reader.recover(recording) { event in
      log.append(event)
      statistics.fold(event)
    }
    bindings = try reader.bindings()
    dialogs = try reader.dialogs()
    lastConnID = try reader.lastConnID()
    reference = recovered.reference
    let last = recovered.last
    let wasAt = recording.head.epoch &+ last.nanoseconds
    guard recording.siteText == Self.text(of: plan) else {
      var outbox = Outbox()
      for call in recovered.calls {
        let signal = Signal.line(.released(call, by: .line))
        recovered.engine.handle(signal, at: last, into: &outbox)
        ending.append(.signal(signal, at: last))
        for event in outbox.events {
          log.append(event)
          statistics.fold(event)
          ending.append(.event(event))
        }
        outbox.removeAll()
      }
      self.log = log
      self.statistics = statistics
      var carried = Carried()
      carried.agents = recovered.engine.snapshot(at: last).agents.sorted { $0.since < $1.since }
      carried.state = recovered.engine.strategyState
      self.carried = carried
      // Instants begin anew; those of registrations are turned.
      epoch = max(epoch, wasAt)
      let shift = epoch - recording.head.epoch
      for index in bindings.indices {
        let end = bindings[index].expires.nanoseconds
        bindings[index].expires = Instant(nanoseconds: end > shift ? end - shift : 0)
        bindings[index].since = .zero
      }
      return (false, recovered.engine.counters)
    }
    self.log = log
    self.statistics = statistics
    strategies = recovered.strategies
    calls = recovered.calls
    suspended.runs = recovered.runs
    for (_, run) in recovered.runs.all where suspended.sources[run.generation] == nil {
      suspended.sources[run.generation] = try reader.sources(of: run.generation)
    }
    let present = epoch
    epoch = recording.head.epoch
    instant = max(last, Instant(nanoseconds: present > epoch ? present - epoch : 0))
    engine = recovered.takeEngine()
    return (true, engine.counters)
  }

  /// Chance that every recording can spell.
  private static var newSeed: UInt64 { UInt64.random(in: 1...UInt64(Int64.max)) }

  private static var noStatistics: Statistics {
    Statistics(answeredWithin: .seconds(20), abandonedWithin: .seconds(5))
  }

  private static func text(of plan: Plan) -> String {
    RecordingHead(plan: plan, seed: 0, epoch: 0).siteText
  }
}
