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
  }

  /// Writes the last recording that overlaps a time, from its beginning.
  ///
  /// An engine has no state before its first signal, so the signals before `since` are there too;
  /// their events are not.
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
    let all = try recordings()
    var overlapping: [Recording] = []
    for (index, recording) in all.enumerated() {
      let end = index + 1 < all.count ? all[index + 1].begun : .max
      if recording.begun <= until ?? .max, end > since ?? 0 { overlapping.append(recording) }
    }
    guard let recording = overlapping.last else {
      throw StoreError(.missing, "\(database.path) has recorded nothing of that time")
    }
    var exported = Exported(leftOut: overlapping.count - 1)
    var head = recording.head
    let end = until.map { Instant(nanoseconds: $0 > head.epoch ? $0 - head.epoch : 0) }
    try addSources(to: &head, of: recording.id)
    if let since, since > recording.begun { head.since = since }
    var writer = JSONWriter()
    writer.value(head)
    writer.endLine()
    try write(writer)
    let events = EventWalk(
      try database.prepare("SELECT signal, time, body FROM events WHERE signal >= ? ORDER BY seq")
    )
    var outside: Int64?
    try forEachSignal(of: recording.id, until: end ?? .distantFuture) { line throws(StoreError) in
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

  /// Adds the sources of every generation that a recording uses.
  private func addSources(
    to head: inout RecordingHead,
    of recording: Int64
  ) throws(StoreError) {
    var query = try database.prepare(
      "SELECT json_extract(body, '$.fingerprint') FROM signals WHERE recording = ? "
        + "AND derived = 0 AND body LIKE '%\"signal\":\"control.strategies\"%' ORDER BY sequence"
    )
    query.bind(1, recording)
    while try query.next() {
      let fingerprint = query.text(0)
      if head.strategies.isEmpty { head.strategies = fingerprint }
      if head.sources.contains(where: { $0.fingerprint == fingerprint }) { continue }
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
