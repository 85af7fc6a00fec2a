// The time of a log's lines, of which only some carry the date.
//
// States: without a date (refused before it is used), at a day. Invariant: `day` is the day of the
// last line whose time was read; it goes up when the clock jumps back by more than half a day.
// Who may change it: the reader of one file. Source: DOMAIN 6.3, 6.4.

/// Gives lines with a time of day their date.
struct LogClock {
  private static let halfDay: Int64 = 12 * 3_600 * ClockText.second
  /// Midnight of the day, local, in nanoseconds since 1970.
  private(set) var day: Int64?
  private var last: Int64 = 0
  /// Seconds that local time is before UTC, once the file or somebody said it.
  private(set) var zone: Int64?
  private let isZoneGiven: Bool

  init(zone: Int64?) { (self.zone, isZoneGiven) = (zone, zone != nil) }

  /// The file says its zone, in seconds west of UTC.
  mutating func header(secondsWest: Int64) {
    if !isZoneGiven { zone = -secondsWest }
  }

  /// A line or a header says date and time.
  mutating func anchor(_ local: Int64) {
    day = local / ClockText.day * ClockText.day
    last = local % ClockText.day
  }

  /// The same, for what stands before the first line that says a date.
  mutating func begin(_ local: Int64, firstTime: Int64?) {
    anchor(local)
    guard let firstTime, let day else { return }
    // The first lines may be of the evening before.
    if firstTime > last + Self.halfDay { self.day = day - ClockText.day }
    last = firstTime
  }

  /// The instant of a time of day, in nanoseconds since 1970.
  mutating func instant(_ time: Int64) -> Int64 {
    if time + Self.halfDay < last { day = (day ?? 0) + ClockText.day }
    if time - Self.halfDay > last, let day {
      // A line that was written a little late, over midnight.
      return day - ClockText.day + time - (zone ?? 0) * ClockText.second
    }
    last = time
    return (day ?? 0) + time - (zone ?? 0) * ClockText.second
  }

  // MARK: Texts

  /// `2026-02-02T13:54:59.852` or with a blank: local nanoseconds since 1970.
  static func local(_ text: Substring) -> Int64? {
    guard text.utf8.count >= 19 else { return nil }
    return ClockText.instant(text, .dateAndTime(.yearMonthDay))
  }

  /// The date in a file's name: `…20260202_135459…`.
  static func local(inName path: String) -> Int64? {
    let name = Array((path.split(separator: "/").last ?? "").utf8)
    for start in name.indices where start + 15 <= name.count && name[start + 8] == 95 {
      let text = String(decoding: name[start..<(start + 15)], as: UTF8.self)
      let clock = text.suffix(6)
      guard let day = DateForm.eightDigits.day(text.prefix(8)),
        let hour = ClockText.whole(clock.prefix(2)), hour < 24,
        let minute = ClockText.whole(clock.dropFirst(2).prefix(2)), minute < 60
      else { continue }
      return day * ClockText.day + (hour * 60 + minute) * 60 * ClockText.second
    }
    return nil
  }
}
