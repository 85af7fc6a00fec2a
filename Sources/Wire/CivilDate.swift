/// A day of the Gregorian calendar.
///
/// **Source.** The arithmetic of eras of 400 years, with the year beginning in March.
struct CivilDate: Equatable {
  var year: Int64
  var month: Int64
  var day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The date of a day counted from 1970-01-01, which is day 0.
  init(day number: Int64) {
    let shifted = number + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The day counted from 1970-01-01.
  var number: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}

/// Reads RFC 3339 text in UTC with up to nine digits of a second's fraction.
///
/// - Returns: Nanoseconds since 1970, or `nil` when the text is no such time.
package func nanoseconds(ofTime text: String) -> UInt64? {
  let bytes = Array(text.utf8)
  guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
  func number(_ range: Range<Int>) -> Int64? {
    var value: Int64 = 0
    for byte in bytes[range] {
      guard byte >= 48, byte <= 57 else { return nil }
      value = value * 10 + Int64(byte - 48)
    }
    return value
  }
  let marks: [(Int, UInt8)] = [(4, 45), (7, 45), (10, 84), (13, 58), (16, 58)]
  guard marks.allSatisfy({ bytes[$0.0] == $0.1 }),
    let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
    let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
    year >= 1_970, hour < 24, minute < 60, second < 60
  else { return nil }
  let date = CivilDate(year: year, month: month, day: day)
  guard month >= 1, month <= 12, CivilDate(day: date.number) == date else { return nil }
  var fraction: Int64 = 0
  if bytes.count > 20 {
    let digits = bytes.count - 21
    guard bytes[19] == UInt8(ascii: "."), digits >= 1, digits <= 9,
      let read = number(20..<20 + digits)
    else { return nil }
    fraction = read
    for _ in digits..<9 { fraction *= 10 }
  }
  let seconds = ((date.number * 24 + hour) * 60 + minute) * 60 + second
  guard seconds < 18_000_000_000 else { return nil }
  return UInt64(seconds) * 1_000_000_000 + UInt64(fraction)
}
