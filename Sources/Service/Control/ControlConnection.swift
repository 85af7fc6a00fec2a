// One client of the control socket.
//
// States: idle; waiting for the shard's answer to a request; streaming events; finishing (what is
// queued is sent, then it is closed).
// Invariants: requests of one connection are answered in order, one at a time; a stream's events
// are consecutive, or a gap is told; at most one read of events is on its way.
// Who may change it: the control thread.

internal import Engine
internal import Reactor
internal import Wire

/// A connection of the control socket, owned by the control thread.
final class ControlConnection {
  /// A stream of events.
  struct Stream {
    /// The next sequence number to be sent.
    var next: UInt64
    /// Whether it goes on when it has caught up.
    var follows: Bool
    /// Send only this many of the oldest, when it begins; nil: all that is kept.
    var last: UInt64?
    /// Only events of this DN.
    var dn: DN?
    /// Whether a read is on its way.
    var isReading = false
    /// Whether it has sent everything there is.
    var hasCaughtUp = false
  }

  /// Bytes that may wait for a slow reader before no more events are fetched for it.
  static let backlogMax = 1 << 18

  let id: UInt64
  var stream: UnixStream
  /// Whether a request waits for the shard.
  var isBusy = false
  /// The stream of events, once `events` was asked for.
  var events: Stream?
  /// Whether it is closed as soon as everything is sent.
  var isFinishing = false
  /// What it is registered for.
  var interest: Readiness = .readable

  init(id: UInt64, stream: consuming UnixStream) {
    self.id = id
    self.stream = stream
  }

  /// Sends a status of success and a result.
  func succeed(_ result: String) { send(["{\"ok\":true}", result]) }

  /// Says no.
  func refuse(_ message: String, findings: [String] = [], phase: ReloadPhase? = nil) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("ok")
    writer.value(false)
    writer.key("error")
    writer.value(message)
    if let phase {
      writer.key("phase")
      writer.value(phase.rawValue)
    }
    if !findings.isEmpty {
      writer.key("findings")
      writer.beginArray()
      for finding in findings { writer.value(finding) }
      writer.endArray()
    }
    writer.endObject()
    send([writer.text])
  }

  /// Sends lines; a client that does not read them is given up.
  func send(_ lines: [String]) {
    for line in lines where !isFinishing {
      switch try? stream.send(line: line) {
      case .all, .blocked: continue
      case .tooMuch, .broken, nil: isFinishing = true
      }
    }
  }

  /// Whether it can take more events now.
  var hasRoom: Bool { stream.outgoingCount < Self.backlogMax && !isFinishing }

  /// Sends a batch of consecutive events, and where there is a gap before them, says so.
  func deliver(_ batch: [Event], oldest: UInt64, last: UInt64, writer: inout JSONWriter) {
    guard var events else { return }
    events.isReading = false
    let first = max(events.next, oldest)
    if first > events.next, events.next > 0, last > 0 {
      send(["{\"gap\":{\"first\":\(events.next),\"last\":\(first - 1)}}"])
    }
    events.next = first
    writer.removeAll()
    for event in batch {
      events.next = event.sequence + 1
      if let dn = events.dn, event.thisDN != dn { continue }
      writer.value(event)
      writer.endLine()
    }
    if writer.count > 0, !isFinishing {
      switch try? stream.send(writer.bytes) {
      case .all, .blocked: break
      case .tooMuch, .broken, nil: isFinishing = true
      }
    }
    events.hasCaughtUp = events.next > last
    if events.hasCaughtUp, !events.follows { isFinishing = true }
    self.events = events
  }
}
