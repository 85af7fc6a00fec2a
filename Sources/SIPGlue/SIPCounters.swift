/// What a switch has counted since its start.
public struct SIPCounters: Sendable, Hashable {
  /// Datagrams that came.
  public var received: UInt64 = 0
  /// Datagrams that were sent, retransmissions included.
  public var sent: UInt64 = 0
  /// Messages that the scanner gave to libosip2.
  public var odd: UInt64 = 0
  /// Messages that were no proper SIP: answered with 4xx or dropped.
  public var malformed: UInt64 = 0
  /// Datagrams of line ends only.
  public var keepAlives: UInt64 = 0
  /// Requests and responses that had been seen before.
  public var retransmissions: UInt64 = 0
  /// Responses that belong to nothing we sent, and ACKs to nothing we answered.
  public var unmatched: UInt64 = 0
  /// Requests in a dialog that is not there (481).
  public var strays: UInt64 = 0
  /// Requests that were refused by the line side.
  public var refused: UInt64 = 0
  /// Calls that came from untrusted peers and were challenged or forbidden.
  public var unauthorized: UInt64 = 0
  /// Calls offered to the engine.
  public var calls: UInt64 = 0
  /// Diversions by 302.
  public var redirects: UInt64 = 0
  /// Diversions by a second leg.
  public var bridges: UInt64 = 0
  /// Calls that were answered.
  public var answers: UInt64 = 0
  /// Successes after a CANCEL, and second successes: acknowledged and ended.
  public var lateAnswers: UInt64 = 0
  /// Contacts that were called because a target had answered with 3xx.
  public var detours: UInt64 = 0
  /// REFER requests that were accepted.
  public var refers: UInt64 = 0
  /// Calls that ended because a side did not refresh its session.
  public var expiredSessions: UInt64 = 0
  /// REGISTER requests.
  public var registers: UInt64 = 0
  /// Requests whose sender has shown too many wrong passwords, or comes too often.
  public var lockouts: UInt64 = 0
  /// Messages dropped because their address sends too many.
  public var limited: UInt64 = 0
  /// Requests of tools that only look for open doors, dropped.
  public var scanners: UInt64 = 0
  /// Requests that were not sent, since none of our addresses reaches the peer.
  public var unreached: UInt64 = 0
  /// Where the last of them was to go.
  package var lastUnreached = Endpoint.unspecified
  /// SUBSCRIBE requests.
  public var subscribes: UInt64 = 0
  /// NOTIFY requests that were sent, without repetitions.
  public var notifies: UInt64 = 0

  /// All that were not served for the sake of who sent them.
  public var turnedAway: UInt64 { limited + scanners + lockouts }

  /// Makes counters that have counted nothing.
  public init() {}
}

/// Why a switch cannot be made.
public enum SIPSwitchError: Error, Sendable, Equatable {
  /// `advertisedHost` is not an IP address.
  case advertisedHost(String)
  /// libcrypto lacks MD5 or SHA-256.
  case digestUnavailable
}
