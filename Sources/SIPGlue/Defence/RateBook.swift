// How often somebody has come lately: token buckets in a table of fixed size.
//
// A bucket is one instant, that at which it would be empty again if nobody came any more (the
// generic cell rate algorithm). Keys are keyed hashes, so that nobody can choose ones that collide.
// States of a place: free → taken → free again, once its instant has passed.
// Invariants: the table never grows; a key is in its own row or nowhere. When all places of a row
// are taken by others, the one that is the nearest to being free is given to the newcomer: under a
// flood from more sources than there are places, limits become generous, never unfair to one.
// Who may change it: `admit` only.

internal import Engine

/// Limits how often each of many may come.
struct RateBook: Sendable {
  private struct Place: Sendable {
    var key: UInt64 = 0
    var emptyAt: UInt64 = 0
  }

  private static let rowCount = 4

  private var places: [Place]
  private let mask: Int
  /// The nanoseconds that one costs, and how much may be owed.
  private let cost: UInt64
  private let credit: UInt64

  /// Whether everybody is admitted.
  let isOff: Bool

  /// Makes an empty table; a rate of 0 admits everybody.
  ///
  /// - Parameters:
  ///   - rate: How many a second.
  ///   - burst: How many at once.
  ///   - placeCount: How many keys are told apart; rounded up to a power of two.
  init(rate: UInt32, burst: UInt32, placeCount: Int) {
    isOff = rate == 0
    var size = Self.rowCount
    while size < placeCount { size *= 2 }
    places = isOff ? [] : Array(repeating: Place(), count: size)
    mask = size / Self.rowCount - 1
    cost = isOff ? 0 : 1_000_000_000 / UInt64(rate)
    credit = cost * UInt64(max(1, burst) - 1)
  }

  /// Whether this one may come now; if so, it is counted.
  mutating func admit(_ key: UInt64, at now: Instant) -> Bool {
    guard !isOff else { return true }
    let start = (Int(truncatingIfNeeded: key >> 8) & mask) * Self.rowCount
    var place = start
    var found = false
    for index in start..<start + Self.rowCount {
      if places[index].key == key {
        place = index
        found = true
        break
      }
      if places[index].emptyAt < places[place].emptyAt { place = index }
    }
    if !found { places[place] = Place(key: key) }
    let from = max(places[place].emptyAt, now.nanoseconds)
    guard from - now.nanoseconds <= credit else { return false }
    places[place].emptyAt = from + cost
    return true
  }
}
