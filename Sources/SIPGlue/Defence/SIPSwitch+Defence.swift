// The door: who may come how often, and who is not worth an answer.
//
// Both are for untrusted addresses only, and both are silent: an answer would help nobody but
// whoever sends under another's address (RFC 3261 26.3.2.4). Responses are never answered at all.

internal import Engine

extension SIPSwitch {
  /// Whether the site trusts an address.
  func isTrusted(_ source: Endpoint) -> Bool { plan.trusted.contains { $0.contains(source) } }

  /// Whether an address may send another message now; counts it.
  mutating func mayCome(_ source: Endpoint, at now: Instant) -> Bool {
    guard !sources.isOff, !isTrusted(source) else { return true }
    // Whoever has one IPv6 address has the other ones of its network too.
    let key = source.family == .ipv4 ? tokens.hash(0, source.low) : tokens.hash(1, source.high)
    if sources.admit(key, at: now) { return true }
    counters.limited += 1
    return false
  }

  /// Whether a request comes from a tool that only looks for open doors; counts it.
  mutating func isScanner(_ received: borrowing Received, from source: Endpoint) -> Bool {
    guard plan.defence.dropsScanners, !isTrusted(source),
      let agent = received.envelope.header("user-agent", in: received.bytes)
    else { return false }
    let isKnown = Self.scanners.contains { agent.containsIgnoringCase($0) }
    if isKnown { counters.scanners += 1 }
    return isKnown
  }

  /// The names that such tools give themselves, in lower case; those who hide are not found so.
  private static var scanners: [StaticString] {
    [
      "friendly-scanner", "friendly-request", "sipvicious", "sundayddr", "sip-scan", "sipcli",
      "pplsip", "iwar", "sipptk", "vaxsipuseragent",
    ]
  }
}

extension ByteView {
  /// Whether `literal`, which is lower case, stands anywhere in the bytes, but for ASCII case.
  func containsIgnoringCase(_ literal: StaticString) -> Bool {
    let length = literal.utf8CodeUnitCount
    guard count >= length else { return false }
    for start in 0...count - length
    where view(from: start, to: start + length).equalsIgnoringCase(literal) {
      return true
    }
    return false
  }
}
