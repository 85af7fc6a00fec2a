internal import Engine
internal import Wire

// Snapshots: where they are, and what is in them.
extension StoreReader {
  /// Where a snapshot stands among the signals.
  struct StoredSnapshot: Sendable {
    /// The last signal or step before it.
    var signal: Int64
    /// When that was.
    var instant: Instant
    /// How many calls were alive.
    var calls: Int
    /// The number of its layout.
    var layout: Int
  }

  /// The snapshots of a recording, oldest first.
  func snapshots(of recording: Int64) throws(StoreError) -> [StoredSnapshot] {
    var query = try database.prepare(
      "SELECT signal, instant, json_array_length(alive), layout FROM snapshots "
        + "WHERE recording = ? ORDER BY signal"
    )
    query.bind(1, recording)
    var result: [StoredSnapshot] = []
    while try query.next() {
      result.append(
        StoredSnapshot(
          signal: query.number(0),
          instant: Instant(nanoseconds: UInt64(bitPattern: query.number(1))),
          calls: Int(query.number(2)),
          layout: Int(query.number(3))
        )
      )
    }
    return result
  }

  /// The bytes of an image, or of what any version can go on with.
  func bytes(_ column: String, of snapshot: StoredSnapshot) throws(StoreError) -> [UInt8] {
    var query = try database.prepare("SELECT \(column) FROM snapshots WHERE signal = ?")
    query.bind(1, snapshot.signal)
    return try query.next() ? query.bytes(0) : []
  }

  /// Reads the image of a snapshot.
  ///
  /// - Throws: Why it cannot be used.
  func image(
    of snapshot: StoredSnapshot,
    of recording: Recording
  ) throws(StoreError) -> ShardImage {
    guard snapshot.layout == EngineState.layout else {
      throw StoreError(
        .differs,
        "the snapshot after signal \(snapshot.signal) has layout \(snapshot.layout), this version "
          + "reads \(EngineState.layout)"
      )
    }
    do {
      let image = try ShardImage(try bytes("body", of: snapshot))
      // Another site's would not fit the plan.
      _ = try RoutingEngine(
        plan: recording.head.plan,
        epoch: recording.head.epoch,
        restoring: image.state
      )
      return image
    } catch {
      throw StoreError(
        .damaged,
        "the snapshot after signal \(snapshot.signal) cannot be used: \(error)"
      )
    }
  }

  /// Whether a recording still has its first signal, or never had one.
  func hasBeginning(of recording: Recording) throws(StoreError) -> Bool {
    var query = try database.prepare("SELECT min(sequence) FROM signals WHERE recording = ?")
    query.bind(1, recording.id)
    guard try query.next(), !query.isNull(0) else {
      return try snapshots(of: recording.id).isEmpty
    }
    return query.number(0) == recording.firstSignal
  }

  /// What any version can go on with, if the recording ended with a snapshot and nobody was there.
  ///
  /// - Throws: When the store is damaged.
  public func cleanEnd(of recording: Recording) throws(StoreError) -> CarriedState? {
    guard let last = try snapshots(of: recording.id).last, last.calls == 0 else { return nil }
    var query = try database.prepare("SELECT max(sequence) FROM signals WHERE recording = ?")
    query.bind(1, recording.id)
    guard try query.next(), query.isNull(0) || query.number(0) <= last.signal else { return nil }
    return try? Packed.value(CarriedState.self, from: try bytes("carried", of: last))
  }

  /// The last events up to a number, as text, oldest first.
  public func events(upTo last: UInt64, count: Int) throws(StoreError) -> [StoredEvent] {
    var query = try database.prepare(
      "SELECT seq, body FROM events WHERE seq <= ? AND seq > ? ORDER BY seq"
    )
    query.bind(1, last)
    query.bind(2, last > UInt64(count) ? last - UInt64(count) : 0)
    var result: [StoredEvent] = []
    while try query.next() {
      result.append(
        StoredEvent(sequence: UInt64(bitPattern: query.number(0)), text: query.text(1))
      )
    }
    return result
  }
}

/// An event as the store keeps it.
public struct StoredEvent: Sendable, Hashable {
  /// Its number.
  public var sequence: UInt64
  /// Its text.
  public var text: String
}
