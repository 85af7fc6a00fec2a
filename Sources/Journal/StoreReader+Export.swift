// A store as a recording: the head, then every signal with its steps and what it led to.

internal import Engine
public import Wire

extension StoreReader {
  /// What an export holds.
  public struct Exported: Sendable, Hashable {
    /// Signals and steps.
    public var signals = 0
    /// Events.
    public var events = 0
    /// Recordings of the store that overlap the time that was asked for, but are left out.
    public var leftOut = 0
    /// Whether it begins with a snapshot.
    public var isSlice = false
  }

  /// Writes the last recording that overlaps a time.
  ///
  /// It begins with the snapshot before that time, or with the first signal where there is none;
  /// events before the time are left out.
  ///
  /// - Parameters:
  ///   - since: From when on events are wanted: nanoseconds since the Unix epoch.
  ///   - until: Up to when: the same.
  ///   - write: Takes the lines, each with its end.
  /// - Returns: How much it was.
  /// - Throws: When the store is damaged or has nothing of that time, or what `write` throws.
  public func export(
    since: UInt64? = nil,
    until: UInt64? = nil,
    write: (borrowing JSONWriter) throws(StoreError) -> Void
  ) throws(StoreError) -> Exported {
    let (recording, leftOut) = try recording(since: since, until: until)
    var exported = Exported(leftOut: leftOut)
    var head = recording.head
    let end = until.map { Instant(nanoseconds: $0 > head.epoch ? $0 - head.epoch : 0) }
    if let since, since > recording.begun { head.since = since }
    let before = try snapshot(of: recording, before: since)
    if let (snapshot, image) = before {
      head.snapshot = RecordedSnapshot(image, bytes: try bytes("body", of: snapshot))
      head.since = max(head.since ?? 0, recording.head.epoch &+ snapshot.instant.nanoseconds)
      exported.isSlice = true
    }
    let after = before?.0.signal ?? recording.firstSignal - 1
    try addSources(to: &head, of: recording.id, after: after, before?.1)
    var writer = JSONWriter()
    writer.value(head)
    writer.endLine()
    try write(writer)
    let events = EventWalk(
      try database.prepare("SELECT signal, time, body FROM events WHERE signal >= ? ORDER BY seq")
    )
    var outside: Int64?
    try forEachSignal(
      of: recording.id,
      after: after,
      until: end ?? .distantFuture
    ) { line throws(StoreError) in
      if !line.isDerived {
        if let outside {
          exported.events += try events.take(of: outside, since: head.since, write)
        } else {
          events.begin(at: line.sequence)
        }
        outside = line.sequence
      }
      writer.removeAll()
      writer.verbatim(line.text)
      writer.endLine()
      try write(writer)
      exported.signals += 1
    }
    if let outside { exported.events += try events.take(of: outside, since: head.since, write) }
    return exported
  }

  /// When a call was there, by its ConnID or CallUUID; nil: the store knows no such call.
  ///
  /// - Returns: The times of its first and of its last event, nanoseconds since the Unix epoch; the
  ///   latter is nil while it is alive.
  public func span(
    ofCall name: String
  ) throws(StoreError) -> (begun: UInt64, ended: UInt64?)? {
    var query = try database.prepare(
      "SELECT begun, CASE WHEN ended IS NULL THEN NULL ELSE "
        + "(SELECT time FROM events WHERE seq = last_event) END, ended FROM calls "
        + "WHERE conn_id = ?1 OR call_uuid = ?1"
    )
    query.bind(1, name)
    guard try query.next() else { return nil }
    let ended: UInt64? =
      query.isNull(2)
      ? nil : UInt64(bitPattern: query.isNull(1) ? query.number(2) : query.number(1))
    return (UInt64(bitPattern: query.number(0)), ended)
  }

  /// The last recording that overlaps a time, and how many others do.
  private func recording(
    since: UInt64?,
    until: UInt64?
  ) throws(StoreError) -> (Recording, leftOut: Int) {
    let all = try recordings()
    var overlapping: [Recording] = []
    for (index, recording) in all.enumerated() {
      let end = index + 1 < all.count ? all[index + 1].begun : .max
      if recording.begun <= until ?? .max, end > since ?? 0 { overlapping.append(recording) }
    }
    guard let recording = overlapping.last else {
      throw StoreError(.missing, "\(database.path) has recorded nothing of that time")
    }
    return (recording, overlapping.count - 1)
  }

  /// The last snapshot of a recording before a time that can be read; nil: its first signal is
  /// what to begin with.
  ///
  /// - Throws: When it is so long ago that nothing of it is kept.
  func snapshot(
    of recording: Recording,
    before time: UInt64?
  ) throws(StoreError) -> (StoredSnapshot, ShardImage)? {
    let all = try snapshots(of: recording.id)
    if let time {
      let early = all.filter { recording.head.epoch &+ $0.instant.nanoseconds < time }
      for snapshot in early.reversed() {
        if let image = try? image(of: snapshot, of: recording) { return (snapshot, image) }
      }
    }
    if try hasBeginning(of: recording) { return nil }
    for snapshot in all
    where time.map({ recording.head.epoch &+ snapshot.instant.nanoseconds > $0 }) ?? true {
      if let image = try? image(of: snapshot, of: recording) { return (snapshot, image) }
    }
    throw StoreError(
      .missing,
      "\(database.path): the signals of that time are not kept any more, or no snapshot of it can "
        + "be read"
    )
  }

  /// Adds the sources of every generation that a recording uses after a signal.
  private func addSources(
    to head: inout RecordingHead,
    of recording: Int64,
    after: Int64,
    _ image: ShardImage?
  ) throws(StoreError) {
    var fingerprints: [String] = []
    if let image {
      fingerprints.append(image.state.strategies)
      fingerprints += image.runs.all.map(\.run.generation)
    }
    var query = try database.prepare(
      "SELECT json_extract(body, '$.fingerprint') FROM signals WHERE recording = ? "
        + "AND sequence > ? AND derived = 0 "
        + "AND body LIKE '%\"signal\":\"control.strategies\"%' ORDER BY sequence"
    )
    query.bind(1, recording)
    query.bind(2, after)
    while try query.next() { fingerprints.append(query.text(0)) }
    head.strategies = fingerprints.first ?? ""
    for fingerprint in fingerprints
    where !head.sources.contains(where: { $0.fingerprint == fingerprint }) {
      if let files = try sources(of: fingerprint) { head.sources.append(files) }
    }
  }
}

/// A walk over the events beside the walk over the signals that led to them.
private final class EventWalk {
  private var query: Statement
  private var next: (signal: Int64, time: UInt64, text: String)?

  init(_ query: consuming Statement) { self.query = query }

  /// Starts with the events of a signal.
  func begin(at signal: Int64) { query.bind(1, signal) }

  private func advance() throws(StoreError) {
    next =
      try query.next()
      ? (query.number(0), UInt64(bitPattern: query.number(1)), query.text(2)) : nil
  }

  private var hasBegun = false

  /// Writes the events of a signal; returns how many.
  func take(
    of signal: Int64,
    since: UInt64?,
    _ write: (borrowing JSONWriter) throws(StoreError) -> Void
  ) throws(StoreError) -> Int {
    if !hasBegun {
      hasBegun = true
      try advance()
    }
    var count = 0
    var writer = JSONWriter()
    while let event = next, event.signal == signal {
      if event.time >= since ?? 0 {
        writer.removeAll()
        writer.verbatim(event.text)
        writer.endLine()
        try write(writer)
        count += 1
      }
      try advance()
    }
    return count
  }
}
