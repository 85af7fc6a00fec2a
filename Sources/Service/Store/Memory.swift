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
  /// What another site's engine hands over, or one that decided otherwise.
  var carried: CarriedState?
  /// What people must know of the store.
  var notices: [String] = []

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
    try Self.checkLog(folder)
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
      notices: notices,
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
    bindings = try reader.bindings()
    dialogs = try reader.dialogs()
    lastConnID = try reader.lastConnID()
    guard var recovered = try recover(recording, reader, plan) else {
      guard let carried else { return nil }
      return (false, EngineCounters(sequence: carried.event, callID: carried.callID))
    }
    if let reason = recovered.passedOver.first {
      let others = recovered.passedOver.count - 1
      notices.append(
        "\(reason)\(others > 0 ? " (and \(others) before it)" : ""): an earlier beginning is used"
      )
    }
    let last = recovered.last
    let oldEpoch = recording.head.epoch
    guard recording.siteText == Self.text(of: plan) else {
      end(&recovered, at: last, &ending)
      statistics = recovered.statistics
      var picture = recovered.engine.snapshot(at: last)
      picture.time = oldEpoch &+ last.nanoseconds
      var carried = CarriedState(
        picture,
        state: recovered.engine.strategyState,
        recovered.engine.counters
      )
      carried.reference = recovered.reference
      goOn(with: carried, oldEpoch)
      return (false, recovered.engine.counters)
    }
    reference = recovered.reference
    statistics = recovered.statistics
    strategies = recovered.strategies
    calls = recovered.calls
    suspended = try SuspendedRuns(recovered.runs, reader)
    let present = epoch
    epoch = oldEpoch
    instant = max(last, Instant(nanoseconds: present > epoch ? present - epoch : 0))
    engine = recovered.takeEngine()
    return (true, engine.counters)
  }

  /// The engine of a recording; nil when another version can go on with its end only.
  private mutating func recover(
    _ recording: StoreReader.Recording,
    _ reader: borrowing StoreReader,
    _ plan: Plan
  ) throws(StoreError) -> RecoveredEngine? {
    let keptMax = plan.limits.eventsKeptMax
    var log = EventLog(capacity: keptMax)
    do throws(StoreError) {
      let recovered = try reader.recover(
        recording,
        statistics: Self.noStatistics,
        begin: { last throws(StoreError) in
          for event in try reader.events(upTo: last, count: keptMax) { log.append(event) }
        },
        announce: { log.append($0) }
      )
      self.log = log
      return recovered
    } catch {
      guard error.kind == .differs, let end = try reader.cleanEnd(of: recording) else {
        throw error
      }
      log = EventLog(capacity: keptMax)
      for event in try reader.events(upTo: end.event, count: keptMax) { log.append(event) }
      self.log = log
      notices.append(
        "the store is of a version that decides otherwise: a new recording begins where its last "
          + "day ended; figures begin at zero, and what was recorded stays"
      )
      goOn(with: end, recording.head.epoch)
      return nil
    }
  }

  /// Brings the calls of another site's engine to their end.
  private mutating func end(
    _ recovered: inout RecoveredEngine,
    at last: Instant,
    _ ending: inout [StoreEntry]
  ) {
    var outbox = Outbox()
    for call in recovered.calls {
      let signal = Signal.line(.released(call, by: .line))
      recovered.engine.handle(signal, at: last, into: &outbox)
      ending.append(.signal(signal, at: last))
      for event in outbox.events {
        log.append(event)
        recovered.statistics.fold(event)
        ending.append(.event(event))
      }
      outbox.removeAll()
    }
  }

  /// Begins anew with what another engine left; instants begin anew, those of registrations turn.
  private mutating func goOn(with carried: CarriedState, _ oldEpoch: UInt64) {
    self.carried = carried
    reference = carried.reference
    epoch = max(epoch, carried.time)
    let shift = epoch - oldEpoch
    for index in bindings.indices {
      let end = bindings[index].expires.nanoseconds
      bindings[index].expires = Instant(nanoseconds: end > shift ? end - shift : 0)
      bindings[index].since = .zero
    }
  }

  /// Refuses a store whose log was damaged in the middle: SQLite would go on without what follows.
  private static func checkLog(_ folder: String) throws(StoreError) {
    let path = Store.path(in: folder) + "-wal"
    guard let bytes = Files.read(path), let damage = WALFile(bytes)?.damage() else { return }
    throw StoreError(
      .damaged,
      "\(path) is damaged after byte \(damage.soundBytes), and \(damage.commits) "
        + "\(damage.commits == 1 ? "commit" : "commits") behind that cannot be read; it is left as "
        + "it is (to go on without them: truncate -s \(damage.soundBytes) \(path))"
    )
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
