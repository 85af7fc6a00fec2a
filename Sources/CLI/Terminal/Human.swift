/// Times for people.
enum Human {
  /// A span of seconds: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`, `4 d 3 h`.
  static func span(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? UInt64(min(max(seconds, 0), 1e12)) : 0
    switch whole {
    case 0..<10:
      let tenths = UInt64(min(max(seconds, 0), 10) * 10)
      return "\(tenths / 10).\(tenths % 10) s"
    case 10..<60: return "\(whole) s"
    case 60..<3_600: return "\(whole / 60) min \(twoDigits(whole % 60)) s"
    case 3_600..<86_400: return "\(whole / 3_600) h \(twoDigits(whole % 3_600 / 60)) min"
    default: return "\(whole / 86_400) d \(whole % 86_400 / 3_600) h"
    }
  }

  /// The time of day of a time stamp such as `2026-11-20T09:00:00.123456Z`, to the millisecond.
  static func timeOfDay(_ stamp: String) -> String {
    guard let letter = stamp.firstIndex(of: "T") else { return stamp }
    return String(stamp[stamp.index(after: letter)...].prefix(12))
  }

  /// Text from outside, without what a terminal would obey.
  static func plain(_ text: some StringProtocol) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          return isControl ? "?" : scalar
        }
      )
    )
  }

  private static func twoDigits(_ number: UInt64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
