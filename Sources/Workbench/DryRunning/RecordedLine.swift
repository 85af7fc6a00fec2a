// How the recorder writes its lines, which spares most of them from being taken apart.
//
// Nothing depends on a line being written like that: another one is taken apart member by member.

internal import Engine

/// The events of a recording as far as a dry-run tells them apart.
enum RecordedEvent {
  case established
  case released
  case other
}

/// How a line of a signal begins.
struct RecordedOpening {
  /// When it was, in nanoseconds.
  var at: UInt64
  var signal: RecordedSignal
  /// Where its name stands; nil: the line was not written by the recorder.
  var name: Range<Int>?
  /// The call that it is about, if that comes next.
  var call: ConnID?
}

extension Span<UInt8> {
  /// Where the name of an event begins in a line that the recorder has written; nil: it has not.
  ///
  /// `{"seq":17,"time":"2026-11-20T09:00:00.123456Z","event":"EventQueued",…`
  @inline(__always)
  func nameOfEvent(_ line: Range<Int>) -> Int? {
    let end = line.upperBound
    guard end <= count, has("{\"seq\":", at: line.lowerBound) else { return nil }
    var at = endOfDigits(line.lowerBound &+ 7, end)
    guard has(",\"time\":\"", at: at) else { return nil }
    at = endOfPlainText(at &+ 9, end)
    guard has("\",\"event\":\"", at: at) else { return nil }
    return at &+ 11
  }

  /// Takes the beginning of a signal's line apart, if the recorder has written it.
  ///
  /// `{"at":12.5,"signal":"call.offered","call":"006c02462a161006",…`
  ///
  /// - Parameters:
  ///   - line: Where the line stands.
  ///   - next: Receives where the next member begins; negative: there is none.
  /// - Returns: What it says; nil: it is not written like that.
  @inline(__always)
  func opening(_ line: Range<Int>, next: inout Int) -> RecordedOpening? {
    let end = line.upperBound
    guard end <= count, has("{\"at\":", at: line.lowerBound) else { return nil }
    var at = line.lowerBound &+ 6
    guard let instant = nanoseconds(&at, end), has(",\"signal\":\"", at: at) else { return nil }
    let name = at &+ 11..<endOfPlainText(at &+ 11, end)
    at = name.upperBound
    guard has("\",\"call\":\"", at: at) else {
      guard has("\",", at: at) else { return nil }
      next = at &+ 2
      return RecordedOpening(at: instant, signal: RecordedSignal(self, name), name: name)
    }
    at &+= 10
    guard at &+ 18 <= end, let call = connID(at: at), byte(at &+ 16) == UInt8(ascii: "\"") else {
      return nil
    }
    switch byte(at &+ 17) {
    case UInt8(ascii: ","): next = at &+ 18
    case UInt8(ascii: "}") where at &+ 18 == end: next = -1
    default: return nil
    }
    return RecordedOpening(
      at: instant,
      signal: RecordedSignal(self, name),
      name: name,
      call: call
    )
  }

  /// A ConnID: sixteen hexadecimal digits.
  @inline(__always)
  func connID(at start: Int) -> ConnID? {
    guard let high = hexadecimal(at: start), let low = hexadecimal(at: start &+ 8) else {
      return nil
    }
    return ConnID(high &<< 32 | low)
  }

  /// Who is named in the last member of a line, if that names an agent.
  ///
  /// `…,"AgentID":"1001"}`
  func agentAtEnd(of line: Range<Int>) -> Range<Int>? {
    let end = line.upperBound &- 2
    let least = line.lowerBound &+ 12
    guard end > least, end &+ 2 <= count, has("\"}", at: end) else { return nil }
    var start = end
    while start > least, byte(start &- 1) != UInt8(ascii: "\"") { start &-= 1 }
    // A quote that belonged to the text would have a backslash before it, not this.
    guard has(",\"AgentID\":\"", at: start &- 12) else { return nil }
    return start..<end
  }
}
