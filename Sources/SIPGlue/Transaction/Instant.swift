/// A moment on the line's own clock, in nanoseconds; stands in for the engine's until that lands.
struct Instant: Hashable, Comparable, Sendable {
  var nanoseconds: UInt64

  static let zero = Instant(nanoseconds: 0)
  static let distantFuture = Instant(nanoseconds: .max)

  static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
}
