// A store of many calls, and how long it takes to come back from it.
//
// The calls of a day are talked one after the other; at its end so many callers wait, each with a
// strategy that is suspended. Snapshots are taken as often as a server takes them.

import Engine
import Glibc
import Journal
import Wire

/// Fills a store with calls of the past and with callers who wait.
struct StoreFilling: ~Copyable {
  private static let groupsAtOnce = 200
  private static let snapshotSignals = 50_000

  private var engine: RoutingEngine
  private var store: Store
  private var runs = StrategyRuns()
  private var statistics = Statistics(answeredWithin: .seconds(20), abandonedWithin: .seconds(5))
  private var outbox = Outbox()
  private var entries: [StoreEntry] = []
  private var groups = 0
  private var signals = 0
  private var sinceSnapshot = 0
  private var images: UInt64 = 0
  private var now = Instant.zero
  private var nextCall: UInt64 = 0x6c00_0000_0000
  private let head: RecordingHead

  init(_ folder: String) throws {
    var plan = Plan(
      queues: [QueuePlan("9000")],
      routingPoints: [
        RoutingPointPlan(
          "8000",
          strategy: "any",
          timeout: .seconds(86_400),
          defaults: [.queue("9000")]
        )
      ]
    )
    for number in 0..<100 {
      let dn = DN("\(7_000 + number)")
      plan.extensions.append(ExtensionPlan(dn, startsInService: true))
      var agent = AgentPlan(AgentID("\(1_000 + number)"), extensionDN: dn)
      agent.logsInAutomatically = true
      plan.agents.append(agent)
    }
    let head = RecordingHead(plan: plan, seed: 1, epoch: RecordingHead.usualEpoch)
    var opened = try Store(writing: folder)
    try opened.begin(head, at: head.epoch)
    self.head = head
    store = opened
    engine = RoutingEngine(plan: plan, seed: 1, epoch: head.epoch)
  }

  /// The first signals.
  mutating func begin() throws {
    try give(.control(.start))
    try give(.control(.strategies(fingerprint: "f")))
  }

  private mutating func give(_ signal: Signal) throws {
    engine.handle(signal, at: now, into: &outbox)
    if case .strategy(let call, let step, _) = signal {
      runs.note(step, of: call)
      entries.append(.step(signal, at: now))
    } else {
      entries.append(.signal(signal, at: now))
      groups += 1
    }
    for command in outbox.strategyCommands { runs.note(command, in: "f") }
    for event in outbox.events {
      statistics.fold(event)
      entries.append(.event(event))
    }
    outbox.removeAll()
    signals += 1
    sinceSnapshot += 1
    guard groups >= Self.groupsAtOnce else { return }
    if sinceSnapshot >= Self.snapshotSignals { try takeImage() }
    try store.write(entries)
    entries.removeAll(keepingCapacity: true)
    groups = 0
  }

  private var image: ShardImage {
    ShardImage(state: engine.state, runs: runs, statistics: statistics, reference: 0)
  }

  private mutating func takeImage() throws {
    images += 1
    sinceSnapshot = 0
    entries.append(.mark(images))
    entries.append(.image(images, try PackedImage(image, nil, engine: "torment")))
  }

  private mutating func offer(_ step: StrategyStep) throws -> ConnID {
    nextCall += 1
    let call = ConnID(nextCall)
    var offer = CallOffer(call, at: "8000", ani: "44207183\(nextCall % 10_000)")
    offer.dnis = "8000"
    try give(.line(.offered(offer)))
    try give(.strategy(call, step))
    return call
  }

  /// Calls that come, are talked and end.
  mutating func talk(_ count: Int) throws {
    for _ in 0..<count {
      now = now + .milliseconds(200)
      let call = try offer(.finished(.any(.none)))
      try give(.line(.ringing(call, attempt: 1)))
      try give(.line(.answered(call, attempt: 1)))
      now = now + .milliseconds(600)
      try give(.line(.released(call, by: .caller)))
    }
  }

  /// Callers who come and wait, since nobody is ready.
  mutating func wait(_ count: Int) throws {
    for agent in head.plan.agents {
      try give(.agent(.notReady(agent.id, .unknown, reason: nil, reference: 0)))
    }
    for _ in 0..<count {
      now = now + .milliseconds(20)
      _ = try offer(.requested(.select(Selection([.any(.none)]))))
    }
  }

  /// Writes what is left, and says what a snapshot costs now.
  mutating func finish() throws {
    try store.write(entries)
    let clock = ContinuousClock()
    var kept: ShardImage?
    let taking = clock.measure { kept = image }
    // Whoever changes a table first while the picture of it is held copies it.
    let copying = clock.measure {
      engine.handle(
        .line(.offered(CallOffer(ConnID(1), at: "8000", ani: "1"))),
        at: now,
        into: &outbox
      )
    }
    guard let kept else { return }
    var packed: PackedImage?
    let packing = try clock.measure { packed = try PackedImage(kept, nil, engine: "torment") }
    guard let packed else { return }
    let reading = try clock.measure { _ = try ShardImage(packed.bytes) }
    print("\(signals) signals and steps, \(images) snapshots")
    print("\(kept.state.callCount) calls alive: the engine's thread is held for \(taking) to take")
    print("the state and for \(copying) at the first signal after it; packed by another thread")
    print("in \(packing): \(packed.bytes.count) bytes, read in \(reading)")
  }
}

/// Fills a store; false when it cannot.
func fillStore(_ folder: String, calls: Int, waiting: Int) -> Bool {
  do {
    var filling = try StoreFilling(folder)
    try filling.begin()
    try filling.talk(calls)
    try filling.wait(waiting)
    try filling.finish()
    return true
  } catch {
    say("torment: \(error)\n")
    return false
  }
}

/// Comes back from a store, and says how long it took and what it needed.
func recoverStore(_ folder: String) -> Bool {
  do {
    let clock = ContinuousClock()
    let begun = clock.now
    let reader = try StoreReader(folder)
    let checked = clock.now
    guard let recording = try reader.recordings().last else { return false }
    let recovered = try reader.recover(recording) { _ in }
    let done = clock.now
    var usage = rusage()
    getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    print(
      "\(recovered.signals) signals run again, \(recovered.calls.count) calls alive: "
        + "file checked in \(checked - begun), engine there in \(done - checked), "
        + "\(usage.ru_maxrss / 1_024) MB at most"
    )
    return true
  } catch {
    say("torment: \(error)\n")
    return false
  }
}
