internal import Engine

/// When images of the shard are taken.
struct ImageSchedule {
  private let signalsMax: Int
  private let nanosecondsMax: UInt64
  /// Signals and steps at the last image, and when that was.
  private var signals = 0
  private var last = Instant.zero
  /// The number of the last image.
  private(set) var number: UInt64 = 0

  init(_ options: StoreOptions, at now: Instant) {
    signalsMax = options.snapshotSignals
    nanosecondsMax = UInt64(options.snapshotSeconds) * 1_000_000_000
    last = now
  }

  /// Whether it is time; when nothing has happened since an image, no other one is needed.
  ///
  /// - Parameters:
  ///   - count: Signals and steps so far.
  ///   - now: The present moment.
  /// - Returns: Whether it is.
  func isDue(_ count: Int, at now: Instant) -> Bool {
    guard count > signals else { return false }
    return count - signals >= signalsMax
      || now.nanoseconds >= last.nanoseconds &+ nanosecondsMax
  }

  /// Begins anew; returns the number of the image that is taken now.
  mutating func begin(_ count: Int, at now: Instant) -> UInt64 {
    signals = count
    last = now
    number += 1
    return number
  }
}
