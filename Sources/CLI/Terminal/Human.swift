/// Times for people.
enum Human {
  /// A span of nanoseconds: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`, `4 d 3 h`.
  static func span(_ nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    let tenths = nanoseconds / 100_000_000
    switch seconds {
    case 0..<10: return "\(tenths / 10).\(tenths % 10) s"
    case 10..<60: return "\(seconds) s"
    case 60..<3_600: return "\(seconds / 60) min \(twoDigits(seconds % 60)) s"
    case 3_600..<86_400: return "\(seconds / 3_600) h \(twoDigits(seconds % 3_600 / 60)) min"
    default: return "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
    }
  }

  /// The span between two moments; nothing when the later one is not later.
  static func span(from start: UInt64, to end: UInt64) -> String {
    span(end > start ? end - start : 0)
  }

  private static func twoDigits(_ number: UInt64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
