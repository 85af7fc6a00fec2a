/// A moment on the shard's own clock: nanoseconds since the shard's epoch.
///
/// The epoch is given to `RoutingEngine.init`; the shell takes care that instants never go back.
public struct Instant: Sendable, Hashable, Comparable, Codable {
  /// Nanoseconds since the shard's epoch.
  public var nanoseconds: UInt64

  /// Makes the instant that lies `nanoseconds` after the epoch.
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The epoch itself.
  public static let zero = Instant(nanoseconds: 0)

  /// The later end of time; a deadline that never comes.
  public static let distantFuture = Instant(nanoseconds: .max)

  /// Orders instants by time.
  public static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// Moves an instant by a duration; negative durations stop at the epoch, huge ones at the end.
  public static func + (instant: Instant, duration: Duration) -> Instant {
    instant.advanced(by: duration.nanosecondsClamped)
  }

  /// The same by nanoseconds.
  func advanced(by offset: Int64) -> Instant {
    if offset >= 0 {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(UInt64(offset))
      return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }
    let back = offset.magnitude
    return nanoseconds < back ? .zero : Instant(nanoseconds: nanoseconds - back)
  }

  /// The nanoseconds from `earlier` to this instant; never negative.
  func nanoseconds(since earlier: Instant) -> UInt64 {
    nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
  }

  /// The time from `earlier` to `later`; never negative.
  public static func - (later: Instant, earlier: Instant) -> Duration {
    guard later > earlier else { return .zero }
    return .nanoseconds(Int64(clamping: later.nanoseconds - earlier.nanoseconds))
  }
}

extension Duration {
  /// The duration in whole nanoseconds, clamped to what 64 bits hold (292 years).
  public var nanosecondsClamped: Int64 {
    Int64(clamping: attoseconds / 1_000_000_000)
  }
}
