// From a store back to the engine that it remembers.
//
// The engine is a pure function of its inputs: giving a new one the same signals and the same steps
// of strategies, in the same order and at the same instants, makes the state that was lost; no
// strategy runs for it. What it announces on the way is compared with what the store says was
// announced: a program that decides otherwise than the one that recorded must not go on from there.

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
  /// How many signals it was made of.
  public var signals = 0
  /// The calls that are alive in it.
  public var calls: [ConnID] = []
  /// The suspended runs of strategies, as what they were given.
  public var runs = StrategyRuns()

  /// Takes the engine out.
  public consuming func takeEngine() -> RoutingEngine { engine }
}

extension StoreReader {
  /// Rebuilds the engine of a recording.
  ///
  /// - Parameters:
  ///   - recording: One of the store's recordings; the last one, to go on with it.
  ///   - announce: Sees every event on the way, for logs and statistics.
  /// - Returns: The engine.
  /// - Throws: When the store is damaged, or this program decides otherwise than the one that
  ///   wrote it.
  public func recover(
    _ recording: Recording,
    announce: (Event) -> Void
  ) throws(StoreError) -> RecoveredEngine {
    let head = recording.head
    var recovered = RecoveredEngine(
      engine: RoutingEngine(
        plan: head.plan,
        seed: head.seed,
        epoch: head.epoch,
        after: head.counters
      )
    )
    var outbox = Outbox()
    var lastEvent: Event?
    let path = database.path
    try forEachSignal(of: recording.id) { line throws(StoreError) in
      let signal: Signal
      do {
        var unknown: [String] = []
        guard
          case .signal(let read, _) = try RecordingLine(reading: line.text, unknown: &unknown)
        else { throw JSONError("it is no signal") }
        signal = read
      } catch {
        throw StoreError(
          .damaged,
          "\(path) is damaged: signal \(line.sequence) cannot be read: \(error)"
        )
      }
      recovered.note(signal, at: line.instant)
      if case .strategy(let call, let step, _) = signal { recovered.runs.note(step, of: call) }
      recovered.engine.handle(signal, at: line.instant, into: &outbox)
      for command in outbox.strategyCommands {
        recovered.runs.note(command, in: recovered.strategies)
      }
      for event in outbox.events {
        announce(event)
        lastEvent = event
      }
      outbox.removeAll()
    }
    try compare(lastEvent, with: recovered.engine.counters, recording)
    recovered.calls = recovered.engine.snapshot(at: recovered.last).calls.map(\.attributes.connID)
    return recovered
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
      .newer,
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
