// Who has shown a wrong password lately: counts in a table of fixed size.
//
// Counted for each sender with each user, and for each sender with all users together; never for a
// user alone, or anybody could lock somebody else's phone out.
// States of a place: free → counting (until its window ends) → locked (until the lock-out ends) →
// free. Invariants: the table never grows; a key is in its own row or nowhere; when a row is full,
// the place that is the nearest to being free is given up. Who may change it: its methods only.

internal import Engine

/// Counts wrong passwords.
struct GuessBook: Sendable {
  private struct Place: Sendable {
    var key: UInt64 = 0
    var count: UInt32 = 0
    /// The end of the window, or of the lock-out.
    var until = Instant.zero
  }

  private static let rowCount = 4

  private var places: [Place]
  private let mask: Int
  private let lockout: Duration

  /// Makes an empty table.
  ///
  /// - Parameters:
  ///   - lockout: How long a window and a lock-out last.
  ///   - placeCount: How many keys are told apart; rounded up to a power of two.
  init(lockout: Duration, placeCount: Int) {
    self.lockout = lockout
    var size = Self.rowCount
    while size < placeCount { size *= 2 }
    places = Array(repeating: Place(), count: size)
    mask = size / Self.rowCount - 1
  }

  /// How much longer a key is locked out after so many; nil when it is not.
  func lockedOut(_ key: UInt64, after limit: UInt32, at now: Instant) -> Duration? {
    guard let index = index(of: key), places[index].count >= limit, places[index].until > now
    else { return nil }
    return places[index].until - now
  }

  /// Counts a wrong password.
  mutating func note(_ key: UInt64, limit: UInt32, at now: Instant) {
    let start = row(of: key)
    var place = start
    for index in start..<start + Self.rowCount {
      if places[index].key == key {
        place = index
        break
      }
      if places[index].until < places[place].until { place = index }
    }
    if places[place].key != key || places[place].until <= now {
      places[place] = Place(key: key, until: now + lockout)
    }
    places[place].count += 1
    // The lock-out begins with the guess that was one too many.
    if places[place].count == limit { places[place].until = now + lockout }
  }

  /// Forgets a key, whose password was right.
  mutating func forget(_ key: UInt64) {
    if let index = index(of: key) { places[index] = Place() }
  }

  private func row(of key: UInt64) -> Int {
    (Int(truncatingIfNeeded: key >> 8) & mask) * Self.rowCount
  }

  private func index(of key: UInt64) -> Int? {
    let start = row(of: key)
    return (start..<start + Self.rowCount).first { places[$0].key == key }
  }
}
