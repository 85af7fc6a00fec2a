/// How many of something there are, and for how long.
///
/// The sum over time is exact: it is kept as instants of leaving less instants of coming.
struct Level {
  private(set) var count = 0
  private var area: Int128 = 0

  /// One more from an instant on.
  mutating func rise(at now: UInt64) {
    count += 1
    area -= Int128(now)
  }

  /// One less from an instant on.
  mutating func fall(at now: UInt64) {
    count -= 1
    area += Int128(now)
  }

  /// The seconds since this was asked last, each times how many there were.
  mutating func takeSeconds(until now: UInt64) -> Double {
    let standing = Int128(count) * Int128(now)
    let sum = area + standing
    area = -standing
    return Double(sum) / 1e9
  }
}
