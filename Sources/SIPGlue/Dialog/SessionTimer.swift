// The life of a session on one leg (RFC 4028).

internal import Engine

/// How long sessions live without a refresh.
public struct SessionSettings: Sendable, Hashable {
  /// What we ask for and grant, in seconds; zero: sessions have no timers.
  public var interval: UInt32 = 1_800
  /// The shortest that we accept; less is 422 (RFC 4028 4 asks for 90 at least).
  public var leastInterval: UInt32 = 90

  /// Makes the standard settings.
  public init() {}
}

/// What was agreed on one leg.
struct SessionTimer {
  /// In seconds; 0: there is no timer.
  var interval: UInt32 = 0
  /// The least that the other side has asked for.
  var leastInterval: UInt32 = 0
  /// Whether we refresh, and not the other side.
  var isOurs = false
  /// Whether the other side takes UPDATE.
  var takesUpdate = false
  /// When the session is over.
  var end = Instant.distantFuture

  /// Whether a refresh must repeat the session description, which then is kept.
  var repeatsDescription: Bool { interval > 0 && isOurs && !takesUpdate }

  /// How long before its end a session that nobody has refreshed is given up (RFC 4028 10).
  private var margin: UInt32 { min(32, interval / 3) }

  /// Begins anew.
  mutating func restart(at now: Instant) { end = now + .seconds(Int64(interval - margin)) }

  /// When something has to be done next, from a (re)start on.
  func next(at now: Instant) -> Instant {
    isOurs ? min(end, now + .milliseconds(Int64(interval) * 500)) : end
  }
}
