internal import Wire

/// How a date is written.
enum DateForm: String, CaseIterable {
  case yearMonthDay = "YYYY-MM-DD"
  case yearMonthDaySlashes = "YYYY/MM/DD"
  case dayMonthYearDots = "DD.MM.YYYY"
  case dayMonthYear = "DD/MM/YYYY"
  case monthDayYear = "MM/DD/YYYY"
  case eightDigits = "YYYYMMDD"
  case sixDigits = "yymmdd"

  /// The day since 1970 that a text in this form says.
  func day(_ text: Substring) -> Int64? {
    switch self {
    case .yearMonthDay: ClockText.day(text, "-", yearFirst: true) { ($0[0], $0[1], $0[2]) }
    case .yearMonthDaySlashes:
      ClockText.day(text, "/", yearFirst: true) { ($0[0], $0[1], $0[2]) }
    case .dayMonthYearDots: ClockText.day(text, ".") { ($0[2], $0[1], $0[0]) }
    case .dayMonthYear: ClockText.day(text, "/") { ($0[2], $0[1], $0[0]) }
    case .monthDayYear: ClockText.day(text, "/") { ($0[2], $0[0], $0[1]) }
    case .eightDigits: text.utf8.count == 8 ? ClockText.digits(text, year: 4) : nil
    case .sixDigits: text.utf8.count == 6 ? ClockText.digits(text, year: 2) : nil
    }
  }

  /// The forms that a text could be in.
  static func forms(of text: Substring) -> [DateForm] { allCases.filter { $0.day(text) != nil } }
}

/// How a point in time is written in a column.
enum ClockForm: Equatable {
  /// Seconds or milliseconds since 1970.
  case epoch(isMilliseconds: Bool)
  /// A date, then a time of day.
  case dateAndTime(DateForm)
  /// A time of day.
  case timeOfDay

  /// For people.
  var text: String {
    switch self {
    case .epoch(true): "milliseconds since 1970"
    case .epoch(false): "seconds since 1970"
    case .dateAndTime(let form): "\(form.rawValue) and time"
    case .timeOfDay: "time of day"
    }
  }
}

/// Reading dates, times and durations; all in nanoseconds.
enum ClockText {
  static let second: Int64 = 1_000_000_000
  static let day: Int64 = 86_400 * second

  /// `8:00:00 AM`, `17:05`, `17:05:09.250`: nanoseconds since midnight.
  static func timeOfDay(_ text: Substring) -> Int64? {
    var body = text.filter { $0 != " " }[...]
    var half: Int64?
    let tail = body.suffix(2).lowercased()
    if tail == "am" || tail == "pm" {
      half = tail == "pm" ? 12 : 0
      body = body.dropLast(2)
    }
    let parts = body.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, var hour = whole(parts[0]), hour < 24,
      let minute = whole(parts[1]), minute < 60, parts[1].utf8.count == 2
    else { return nil }
    if let half {
      guard hour >= 1, hour <= 12 else { return nil }
      hour = hour % 12 + half
    }
    guard parts.count == 3 else { return (hour * 60 + minute) * 60 * second }
    guard let seconds = decimal(parts[2]), seconds < 60 * second else { return nil }
    return (hour * 60 + minute) * 60 * second + seconds
  }

  /// `863`, `12.5`, `1:02:03`, `2:03`: a duration.
  static func duration(_ text: Substring, isMilliseconds: Bool) -> Int64? {
    if text.contains(":") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 3, let last = parts.last, let seconds = decimal(last),
        seconds < 60 * second
      else { return nil }
      var minutes: Int64 = 0
      for part in parts.dropLast() {
        guard let number = whole(part), number < 100_000 else { return nil }
        minutes = minutes * 60 + number
      }
      return minutes * 60 * second + seconds
    }
    guard let value = decimal(text) else { return nil }
    return isMilliseconds ? value / 1_000 : value
  }

  /// A point in time: nanoseconds since 1970, or since midnight when it is a time of day.
  static func instant(_ text: Substring, _ form: ClockForm) -> Int64? {
    switch form {
    case .timeOfDay: return timeOfDay(text)
    case .epoch(let isMilliseconds):
      guard isMilliseconds else { return decimal(text) }
      return whole(text).map { $0 * 1_000_000 }
    case .dateAndTime(let form):
      guard let split = text.firstIndex(where: { $0 == " " || $0 == "T" }),
        let day = form.day(text[..<split])
      else { return nil }
      var rest = text[text.index(after: split)...]
      var zone: Int64 = 0
      if rest.last == "Z" {
        rest = rest.dropLast()
      } else if let sign = rest.lastIndex(where: { $0 == "+" || $0 == "-" }) {
        guard let read = Self.zone(rest[sign...]) else { return nil }
        (zone, rest) = (read, rest[..<sign])
      }
      guard let time = timeOfDay(rest) else { return nil }
      return day * Self.day + time - zone * second
    }
  }

  /// `+05:30`, `-0800`, `+2`: seconds east of UTC.
  static func zone(_ text: Substring) -> Int64? {
    guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
    let digits = text.dropFirst().filter { $0 != ":" }
    guard let number = whole(digits[...]), digits.utf8.count <= 4 else { return nil }
    let (hours, minutes) = digits.utf8.count <= 2 ? (number, 0) : (number / 100, number % 100)
    guard hours <= 14, minutes < 60 else { return nil }
    return (hours * 60 + minutes) * (sign == "-" ? -60 : 60)
  }

  /// The forms that a text could be in.
  static func forms(of text: Substring) -> [ClockForm] {
    if timeOfDay(text) != nil { return [.timeOfDay] }
    if let value = whole(text), value >= 100_000_000_000 {
      return value < 9_000_000_000_000 ? [.epoch(isMilliseconds: true)] : []
    }
    if let value = decimal(text) {
      return value >= 100_000_000 * second ? [.epoch(isMilliseconds: false)] : []
    }
    return DateForm.allCases.map { ClockForm.dateAndTime($0) }.filter { instant(text, $0) != nil }
  }

  /// A number without sign.
  static func whole(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.count <= 15, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 })
    else { return nil }
    return Int64(text)
  }

  /// A number that may have a fraction, in billionths.
  static func decimal(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let number = whole(first), number < 9_000_000_000 else {
      return nil
    }
    var value: Int64 = 0
    if parts.count == 2 {
      guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
        return nil
      }
      let digits = parts[1].prefix(9)
      value = whole(digits) ?? 0
      for _ in digits.utf8.count..<9 { value *= 10 }
    }
    return number * second + value
  }

  fileprivate static func day(
    _ text: Substring,
    _ separator: Character,
    yearFirst: Bool = false,
    _ order: ([Substring]) -> (Substring, Substring, Substring)
  ) -> Int64? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let (year, month, day) = order(parts)
    guard year.utf8.count == 4 || (!yearFirst && year.utf8.count == 2), month.utf8.count <= 2,
      day.utf8.count <= 2, let number = whole(year), let month = whole(month), let day = whole(day)
    else { return nil }
    return Self.day(year.utf8.count == 2 ? century(number) : number, month, day)
  }

  fileprivate static func digits(_ text: Substring, year count: Int) -> Int64? {
    guard whole(text) != nil, let year = whole(text.prefix(count)),
      let month = whole(text.dropFirst(count).prefix(2)), let day = whole(text.suffix(2))
    else { return nil }
    return Self.day(count == 2 ? century(year) : year, month, day)
  }

  /// Two digits of a year: 70 to 99 are the last century.
  private static func century(_ year: Int64) -> Int64 { year < 70 ? 2_000 + year : 1_900 + year }

  /// The day since 1970 of a date that exists.
  static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
    guard year >= 1_970, year < 2_200, month >= 1, month <= 12, day >= 1, day <= 31 else {
      return nil
    }
    func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
    return nanoseconds(ofTime: "\(year)-\(two(month))-\(two(day))T00:00:00Z").map {
      Int64($0 / 86_400_000_000_000)
    }
  }
}
