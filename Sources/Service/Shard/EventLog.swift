// The last events of an engine, for readers that come back.
//
// States: empty, filling, full (the oldest event goes when a new one comes).
// Invariants: the events held are consecutive; the event with sequence number n stands at
// (n - first) modulo capacity, from the first event on; none is ever moved, and nothing is
// allocated per event once the log is full.
// Who may change it: the shard loop that owns it. Source: SURFACE 5 (`seq` is gap-free; a reader
// that reconnects says from=SEQ).

package import Engine
package import Journal
internal import Wire

/// A bounded ring of events.
package struct EventLog: ~Copyable {
  /// An event, or what the store says of one that nobody has asked for since the start.
  private enum Kept {
    case event(Event)
    case text(String)
  }

  private var ring: [Kept] = []
  private let capacity: Int
  /// The sequence number of the first event there ever was.
  private var first: UInt64 = 1
  /// The sequence number of the newest event; 0 when there never was one.
  package private(set) var last: UInt64 = 0
  /// The sequence number of the oldest event held; one beyond `last` when there is none.
  package var oldest: UInt64 { last + 1 - UInt64(ring.count) }

  /// Makes an empty log for at most `capacity` events.
  package init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  /// Adds the next event.
  package mutating func append(_ event: consuming Event) {
    let sequence = event.sequence
    append(.event(event), sequence)
  }

  /// Adds the next event as the store has it.
  package mutating func append(_ event: StoredEvent) { append(.text(event.text), event.sequence) }

  private mutating func append(_ kept: consuming Kept, _ sequence: UInt64) {
    precondition(ring.isEmpty || sequence == last + 1, "events must be consecutive")
    if ring.isEmpty {
      first = sequence
      // At once: a ring that grows by doubling stops everything while it is copied.
      ring.reserveCapacity(min(capacity, 131_072))
    }
    last = sequence
    guard ring.count == capacity else { return ring.append(kept) }
    ring[place(of: sequence)] = kept
  }

  private func place(of sequence: UInt64) -> Int { Int((sequence - first) % UInt64(capacity)) }

  /// At most `count` events from a sequence number on.
  package func events(from sequence: UInt64, count: Int) -> [Event] {
    let begin = max(sequence, oldest)
    guard last > 0, begin <= last else { return [] }
    let end = min(last, begin + UInt64(count) - 1)
    return (begin...end).compactMap { number in
      switch ring[place(of: number)] {
      case .event(let event): return event
      case .text(let text): return Self.event(text)
      }
    }
  }

  /// The events of a call that are not older than a time; those of an earlier process are not
  /// looked at.
  package func events(of conn: ConnID, since time: UInt64) -> [Event] {
    guard last > 0, oldest <= last else { return [] }
    var found: [Event] = []
    for number in (oldest...last).reversed() {
      guard case .event(let event) = ring[place(of: number)], event.time >= time else { break }
      if event.call?.connID == conn { found.append(event) }
    }
    return found.reversed()
  }

  private static func event(_ text: String) -> Event? {
    var unknown: [String] = []
    guard case .event(let event)? = try? RecordingLine(reading: text, unknown: &unknown)
    else { return nil }
    return event
  }
}
