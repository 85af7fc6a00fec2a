package import Engine
package import SIPGlue

/// Says now and then how many messages of strangers were turned away, and how many of ours found no
/// way out.
///
/// **Invariant**: one sentence a minute at most, however many come; what is not said yet is in the
/// next one.
package struct DoorLog: Sendable {
  private static let pause = Duration.seconds(60)

  private var told = SIPCounters()
  private var quietUntil = Instant.zero

  /// Makes one that has said nothing.
  package init() {}

  /// What people should read; nil: nothing new, or it is too early.
  package mutating func sentence(_ counters: SIPCounters, at now: Instant) -> String? {
    let turnedAway = counters.turnedAway - told.turnedAway
    let unreached = counters.unreached - told.unreached
    guard turnedAway > 0 || unreached > 0, now >= quietUntil else { return nil }
    let parts = [
      (counters.limited - told.limited, "of addresses that send too many"),
      (counters.scanners - told.scanners, "of scanners"),
      (counters.lockouts - told.lockouts, "of users who guess passwords or come too often"),
    ]
    told = counters
    quietUntil = now + Self.pause
    let said = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    var sentences: [String] = []
    if turnedAway > 0 { sentences.append("messages turned away: " + said.joined(separator: ", ")) }
    if unreached > 0 {
      let transport = SIPListener.Transport(counters.lastUnreached.transport)
      let peer = CapturedMessage.Address(counters.lastUnreached)
      let place = SIPListener(transport, host: peer.host, port: peer.port).text
      sentences.append(
        "requests not sent: \(unreached), no address of listen reaches \(place)"
      )
    }
    return "sip: " + sentences.joined(separator: "; ")
  }
}
