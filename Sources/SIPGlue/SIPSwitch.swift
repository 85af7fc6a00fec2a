public import Engine

/// The line side: SIP in, `LineSignal` out; `LineCommand` in, SIP out.
///
/// Sans-IO, in virtual time. The owner calls, always with instants that do not go back:
/// - `receive(_:from:at:)` for every datagram,
/// - `perform(_:at:)` for every command of the engine,
/// - `advance(to:)` when `nextDeadline` has come,
/// and after each of these takes `signals` (then `removeSignals()`) and what `outgoing` holds.
public struct SIPSwitch: ~Copyable {
  /// What happened on the line since `removeSignals`, in order.
  public private(set) var signals: [LineSignal] = []

  /// Opens the switch: nothing registered, no call.
  ///
  /// `start` is the wall clock in nanoseconds since the Unix epoch; it makes ConnIDs that no earlier
  /// run has used. `secret` makes tags, branches and nonces unpredictable.
  ///
  /// - Throws: `SIPSwitchError` when the plan's own address cannot be read or libcrypto lacks a hash.
  public init(plan: SIPPlan, start: UInt64, secret: (UInt64, UInt64)) throws(SIPSwitchError) {
    preconditionFailure()
  }

  /// DNs that are in service from the start; `LineSignal.inService` for them is in `signals` at once.
  public var fixedDNs: [DN] { preconditionFailure() }

  /// The instant at which `advance(to:)` must next be called; nil when nothing is pending.
  public var nextDeadline: Instant? { preconditionFailure() }

  /// What has been counted since the start.
  public private(set) var counters = SIPCounters()

  /// Calls that the engine knows.
  public var callCount: Int { preconditionFailure() }

  /// Legs that are not yet gone, those of ended calls included.
  public var legCount: Int { preconditionFailure() }

  /// Transactions that are not yet gone.
  public var transactionCount: Int { preconditionFailure() }

  /// Whether new calls are refused with 503.
  public var isDraining: Bool {
    get { preconditionFailure() }
    set { preconditionFailure() }
  }

  /// Does what the engine wants; signals that follow at once are in `signals` when this returns.
  public mutating func perform(_ command: LineCommand, at now: Instant) { preconditionFailure() }

  /// Lets timers expire.
  public mutating func advance(to now: Instant) { preconditionFailure() }

  /// Reads one datagram.
  mutating func receive(_ datagram: ByteView, from source: Endpoint, at now: Instant) {
    preconditionFailure()
  }

  /// Datagrams that wait to be sent; the transport empties it.
  var outgoing = OutgoingQueue()

  /// Forgets the signals that have been taken; keeps the memory.
  public mutating func removeSignals() { signals.removeAll(keepingCapacity: true) }
}

/// Why a switch cannot be made.
public enum SIPSwitchError: Error, Sendable, Equatable {
  /// `advertisedHost` is not an IP address.
  case advertisedHost(String)
  /// libcrypto lacks MD5 or SHA-256.
  case digestUnavailable
}

/// What a switch has counted.
public struct SIPCounters: Sendable, Hashable {
  /// Datagrams that came.
  public var received: UInt64 = 0
  /// Datagrams that were sent, retransmissions included.
  public var sent: UInt64 = 0
}
