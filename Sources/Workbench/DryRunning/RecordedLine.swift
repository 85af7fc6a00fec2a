// How the recorder begins its lines, which spares most of them from being taken apart.
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
    var at = line.lowerBound
    guard has("{\"seq\":", at: at) else { return nil }
    at += 7
    while at < line.upperBound, digit(at: at) != nil { at += 1 }
    guard has(",\"time\":\"", at: at) else { return nil }
    at += 9
    skipPlainText(&at, line.upperBound)
    guard has("\",\"event\":\"", at: at) else { return nil }
    at += 11
    return at < line.upperBound ? at : nil
  }

  /// Where the name of a signal begins in a line that the recorder has written; nil: it has not.
  ///
  /// `{"at":12.5,"signal":"call.offered",…`
  func nameOfSignal(_ line: Range<Int>) -> Int? {
    var at = line.lowerBound
    guard has("{\"at\":", at: at) else { return nil }
    at += 6
    while at < line.upperBound, digit(at: at) != nil || self[at] == UInt8(ascii: ".") { at += 1 }
    guard has(",\"signal\":\"", at: at) else { return nil }
    at += 11
    return at < line.upperBound ? at : nil
  }

  /// Where a text ends that begins there, if a comma follows it.
  func endBeforeComma(_ start: Int, _ end: Int) -> Int? {
    var at = start
    skipPlainText(&at, end)
    return has("\",", at: at) ? at : nil
  }

  /// A number of seconds in nanoseconds, to the last digit.
  func nanoseconds(_ range: Range<Int>) -> UInt64? {
    let end = range.upperBound
    var at = range.lowerBound
    var whole: UInt64 = 0
    while at < end, let digit = digit(at: at) {
      whole = whole * 10 + digit
      guard whole < 9_000_000_000 else { return nil }
      at += 1
    }
    guard at < end else { return whole * 1_000_000_000 }
    guard self[at] == UInt8(ascii: ".") else { return nil }
    at += 1
    var fraction: UInt64 = 0
    var places = 0
    while at < end {
      guard let digit = digit(at: at) else { return nil }
      if places < 9 {
        fraction = fraction * 10 + digit
        places += 1
      }
      at += 1
    }
    while places < 9 {
      fraction *= 10
      places += 1
    }
    return whole * 1_000_000_000 + fraction
  }
}

/// Reads hexadecimal digits eight at a time: which of them are letters is chance, and a branch on
/// chance costs more than all of this.
enum HexadecimalDigits {
  /// The value of eight characters, the first of them in the lowest byte; nil: not all are digits.
  static func value(_ characters: UInt64) -> UInt64? {
    let upperBits: UInt64 = 0x8080_8080_8080_8080
    let letters = (characters >> 6) & 0x0101_0101_0101_0101
    let small = characters | letters << 5
    // A sum has its upper bit where a byte is at least `0`, above `9`, at least `a`, above `f`.
    let digits =
      (small &+ 0x5050_5050_5050_5050) & ~(small &+ 0x4646_4646_4646_4646)
      | (small &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(small &+ 0x1919_1919_1919_1919)
    guard characters & upperBits == 0, digits & upperBits == upperBits else { return nil }
    var value = ((characters & 0x0F0F_0F0F_0F0F_0F0F) &+ letters &* 9).byteSwapped
    value = (value | value >> 4) & 0x00FF_00FF_00FF_00FF
    value = (value | value >> 8) & 0x0000_FFFF_0000_FFFF
    return (value | value >> 16) & 0xFFFF_FFFF
  }
}
