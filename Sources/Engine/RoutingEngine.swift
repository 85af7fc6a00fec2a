/// Decides what happens to calls.
///
/// Pure: the same plan, seed and sequence of (signal, instant) give the same outbox.
public struct RoutingEngine: ~Copyable {
  var timers = TimerTable()

  /// Makes an engine.
  ///
  /// - Parameters:
  ///   - plan: The site.
  ///   - seed: The source of all chance.
  ///   - epoch: What instant zero is: nanoseconds since the Unix epoch.
  public init(plan: Plan, seed: UInt64, epoch: UInt64) {}

  /// Applies one signal; never throws, never blocks, never re-enters.
  public mutating func handle(_ signal: Signal, at now: Instant, into outbox: inout Outbox) {}

  /// The instant at which `handle(.clock, …)` must next be called; nil when nothing is pending.
  public var nextDeadline: Instant? { timers.nextDeadline }

  /// A read-only picture.
  public func snapshot(at now: Instant) -> Snapshot { Snapshot() }
}
