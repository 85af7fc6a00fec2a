// From a store back to the engine that it remembers.
//
// The engine is a pure function of its inputs: giving it the same signals and the same steps of
// strategies, in the same order and at the same instants, makes the state that was lost; no
// strategy runs for it. It begins with the last snapshot that this version can read, or from
// nothing. What is announced on the way is compared with what the store says was announced: a
// program that decides otherwise than the one that recorded must not go on from there.

public import Engine
internal import Wire

/// An engine as it was when its store was last written.
public struct RecoveredEngine: ~Copyable {
  /// The engine.
  public var engine: RoutingEngine
  /// The instant of its last signal.
  public var last = Instant.zero
  /// The fingerprint of the generation that was current; empty when none was.
  public var strategies = ""
  /// The highest reference number of a request.
  public var reference: UInt32 = 0
  /// How many signals were given to it since the snapshot.
  public var signals = 0
  /// The calls that are alive in it.
  public var calls: [ConnID] = []
  /// The suspended runs of strategies, as what they were given.
  public var runs = StrategyRuns()
  /// What all events of the recording add up to.
  public var statistics: Statistics
  /// The last event before the snapshot; 0: there was none, every event was announced again.
  public var firstEvent: UInt64 = 0
  /// Why snapshots were passed over, the newest first.
  public var passedOver: [String] = []

  /// Takes the engine out.
  public consuming func takeEngine() -> RoutingEngine { engine }

  init(_ head: RecordingHead, _ statistics: Statistics) {
    engine = RoutingEngine(
      plan: head.plan,
      seed: head.seed,
      epoch: head.epoch,
      after: head.counters
    )
    self.statistics = statistics
  }

  init(_ head: RecordingHead, restoring image: ShardImage) throws {
    engine = try RoutingEngine(plan: head.plan, epoch: head.epoch, restoring: image.state)
    last = image.state.instant
    strategies = image.state.strategies
    reference = image.reference
    runs = image.runs
    statistics = image.statistics
    firstEvent = image.state.counters.sequence
  }
}

extension StoreReader {
  /// Rebuilds the engine of a recording.
  ///
  /// - Parameters:
  ///   - recording: One of the store's recordings; the last one, to go on with it.
  ///   - statistics: What events are folded into when they are all announced again.
  ///   - begin: Is told once, before anything is announced, which was the last event before.
  ///   - announce: Sees every event since the snapshot, for logs.
  /// - Returns: The engine.
  /// - Throws: When the store is damaged, or this program decides otherwise than the one that
  ///   wrote it.
  public func recover(
    _ recording: Recording,
    statistics: Statistics = Statistics(answeredWithin: .seconds(20), abandonedWithin: .seconds(5)),
    begin: (UInt64) throws(StoreError) -> Void = { _ throws(StoreError) in },
    announce: (Event) -> Void
  ) throws(StoreError) -> RecoveredEngine {
    let (snapshot, image, passedOver) = try lastImage(of: recording)
    var recovered: RecoveredEngine
    if let image, let made = try? RecoveredEngine(recording.head, restoring: image) {
      recovered = made
    } else {
      recovered = RecoveredEngine(recording.head, statistics)
    }
    recovered.passedOver = passedOver
    try begin(recovered.firstEvent)
    if let snapshot { try verify(recording, upTo: snapshot.signal) }
    var outbox = Outbox()
    var lastEvent: Event?
    let after = snapshot?.signal ?? recording.firstSignal - 1
    try forEachSignal(of: recording.id, after: after) { line throws(StoreError) in
      let signal = try signal(of: line)
      recovered.note(signal, at: line.instant)
      if case .strategy(let call, let step, _) = signal { recovered.runs.note(step, of: call) }
      recovered.engine.handle(signal, at: line.instant, into: &outbox)
      for command in outbox.strategyCommands {
        recovered.runs.note(command, in: recovered.strategies)
      }
      for event in outbox.events {
        announce(event)
        recovered.statistics.fold(event)
        lastEvent = event
      }
      outbox.removeAll()
    }
    if lastEvent == nil, snapshot != nil {
      // Nothing was announced since: the store must end with what the snapshot counted.
      guard try lastEventNumber() == recovered.firstEvent else { throw differs(recording) }
    } else {
      try compare(lastEvent, with: recovered.engine.counters, recording)
    }
    recovered.calls = recovered.engine.snapshot(at: recovered.last).calls.map(\.attributes.connID)
    return recovered
  }

  func signal(of line: Line) throws(StoreError) -> Signal {
    do {
      var unknown: [String] = []
      guard case .signal(let read, _) = try RecordingLine(reading: line.text, unknown: &unknown)
      else { throw JSONError("it is no signal") }
      return read
    } catch {
      throw StoreError(
        .damaged,
        "\(database.path) is damaged: signal \(line.sequence) cannot be read: \(error)"
      )
    }
  }

  /// The last image of a recording that this version can read, if it needs one or there is one.
  private func lastImage(
    of recording: Recording
  ) throws(StoreError) -> (StoredSnapshot?, ShardImage?, passedOver: [String]) {
    var passedOver: [String] = []
    for snapshot in try snapshots(of: recording.id).reversed() {
      let reason: String
      do throws(StoreError) {
        let image = try image(of: snapshot, of: recording)
        return (snapshot, image, passedOver)
      } catch {
        reason = error.message
      }
      passedOver.append(reason)
    }
    guard try hasBeginning(of: recording) else {
      throw StoreError(
        .differs,
        "\(database.path): what came before its oldest snapshot is not kept any more, and no "
          + "snapshot can be used (\(passedOver.first ?? "there is none")); it is left as it is"
      )
    }
    return (nil, nil, passedOver)
  }

  private func compare(
    _ event: Event?,
    with counters: EngineCounters,
    _ recording: Recording
  ) throws(StoreError) {
    let stored = try lastEvent()
    var text: String?
    if let event {
      var writer = JSONWriter()
      writer.value(event)
      text = writer.text
    }
    guard let stored, stored.sequence > recording.head.counters.sequence else {
      if text == nil { return }
      throw differs(recording)
    }
    guard stored.sequence == counters.sequence, stored.text == text else {
      throw differs(recording)
    }
  }

  private func differs(_ recording: Recording) -> StoreError {
    let version = recording.head.engine
    return StoreError(
      .differs,
      "\(database.path) was recorded by another version\(version.isEmpty ? "" : " (\(version))"), "
        + "which this one does not reproduce: export it and start with a new --data folder"
    )
  }
}

extension RecoveredEngine {
  fileprivate mutating func note(_ signal: Signal, at instant: Instant) {
    signals += 1
    last = max(last, instant)
    switch signal {
    case .control(.strategies(let fingerprint, _)): strategies = fingerprint
    case .agent(let request): reference = max(reference, request.reference)
    case .control, .line, .strategy, .clock: return
    }
  }
}

extension AgentSignal {
  /// The number that its answer carries.
  fileprivate var reference: UInt32 {
    switch self {
    case .login(_, _, _, _, let reference), .logout(_, _, let reference),
      .ready(_, _, let reference), .notReady(_, _, _, let reference),
      .registerAddress(_, let reference), .unregisterAddress(_, let reference):
      reference
    }
  }
}
