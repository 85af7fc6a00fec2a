public import Engine
internal import Wire

// Why a call of another day went where it went: what was recorded, run again.
extension StoreReader {
  /// A call in the store.
  private struct StoredCall {
    var connID: ConnID
    var firstEvent: Int64
    var lastEvent: Int64
  }

  /// The decision record of a call, as it was when the last was announced of it.
  ///
  /// - Parameters:
  ///   - name: Its ConnID or CallUUID, a caller's number (his last call), or `last`.
  ///   - agent: Whom alone to show as a candidate; nil: all agents of the site.
  /// - Returns: The record; nil: the store knows no such call, or no such agent was there.
  /// - Throws: When its signals are not kept any more, or cannot be read.
  public func decision(
    ofCall name: String,
    only agent: AgentID? = nil
  ) throws(StoreError) -> DecisionRecord? {
    guard let call = try storedCall(name) else { return nil }
    let first = try database.number("SELECT signal FROM events WHERE seq = \(call.firstEvent)")
    let last = try database.number("SELECT signal FROM events WHERE seq = \(call.lastEvent)")
    let id = try database.number("SELECT recording FROM signals WHERE sequence = \(first)")
    guard first > 0, let recording = try recordings().first(where: { $0.id == id }) else {
      throw StoreError(.missing, "the signals of call \(call.connID.text) are not kept any more")
    }
    var after: Int64 = 0
    var engine = try start(of: recording, before: first, &after)
    var outbox = Outbox()
    // Steps of the last signal belong to it.
    let next = try database.number(
      "SELECT min(sequence) FROM signals WHERE sequence > \(last) AND derived = 0"
    )
    let end = next > 0 ? next - 1 : .max
    try forEachSignal(of: id, after: after, upTo: end) { line throws(StoreError) in
      engine.handle(try signal(of: line), at: line.instant, into: &outbox)
      outbox.removeAll()
    }
    return engine.decision(of: call.connID, only: agent)
  }

  /// An engine as it was before a signal; `after` is told the signal after which it goes on.
  private func start(
    of recording: Recording,
    before signal: Int64,
    _ after: inout Int64
  ) throws(StoreError) -> RoutingEngine {
    let head = recording.head
    for snapshot in try snapshots(of: recording.id).reversed() where snapshot.signal < signal {
      guard let image = try? image(of: snapshot, of: recording),
        let engine = try? RoutingEngine(
          plan: head.plan,
          epoch: head.epoch,
          restoring: image.state
        )
      else { continue }
      after = snapshot.signal
      return engine
    }
    guard try hasBeginning(of: recording) else {
      throw StoreError(.missing, "no snapshot before the call can be read")
    }
    after = recording.firstSignal - 1
    return RoutingEngine(
      plan: head.plan,
      seed: head.seed,
      epoch: head.epoch,
      after: head.counters
    )
  }

  private func storedCall(_ name: String) throws(StoreError) -> StoredCall? {
    var query = try database.prepare(
      "SELECT conn_id, first_event, last_event FROM calls WHERE conn_id = ?1 OR call_uuid = ?1 "
        + "OR ani = ?1 OR ?1 = 'last' ORDER BY first_event DESC LIMIT 1"
    )
    query.bind(1, name)
    guard try query.next(), let connID = ConnID(text: query.text(0)) else { return nil }
    return StoredCall(
      connID: connID,
      firstEvent: query.number(1),
      lastEvent: query.number(2)
    )
  }
}
