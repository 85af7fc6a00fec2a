// How the recorder writes its lines, which spares most of them from being taken apart.
//
// Nothing depends on a line being written like that: another one is taken apart member by member.

/// The events of a recording as far as a dry-run tells them apart.
enum RecordedEvent {
  case established
  case released
  case other
}

extension Span<UInt8> {
  /// Where the name of an event begins in a line that the recorder has written; nil: it has not.
  ///
  /// `{"seq":17,"time":"2026-11-20T09:00:00.123456Z","event":"EventQueued",…`
  func nameOfEvent(_ line: Range<Int>) -> Int? {
    let end = line.upperBound
    guard end <= count, has("{\"seq\":", at: line.lowerBound) else { return nil }
    var at = line.lowerBound &+ 7
    while at < end, byte(at) &- 48 < 10 { at &+= 1 }
    guard has(",\"time\":\"", at: at) else { return nil }
    at = endOfPlainText(at &+ 9, end)
    guard has("\",\"event\":\"", at: at) else { return nil }
    return at &+ 11
  }

  /// When a signal was, in a line that the recorder has written; nil: it has not.
  ///
  /// `{"at":12.5,"signal":"call.offered",…`
  ///
  /// - Parameters:
  ///   - line: Where the line stands.
  ///   - name: Receives where the name of the signal begins.
  func instantOfSignal(_ line: Range<Int>, name: inout Int) -> UInt64? {
    let end = line.upperBound
    guard end <= count, has("{\"at\":", at: line.lowerBound) else { return nil }
    var at = line.lowerBound &+ 6
    guard let instant = nanoseconds(&at, end), has(",\"signal\":\"", at: at) else { return nil }
    name = at &+ 11
    return instant
  }

  /// Where a text ends that begins there, if a comma follows it.
  func endBeforeComma(_ start: Int, _ end: Int) -> Int? {
    let at = endOfPlainText(start, end)
    return has("\",", at: at) ? at : nil
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
