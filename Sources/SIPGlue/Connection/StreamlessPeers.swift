// Phones that were sent a request by TCP because of its size, and did not take the connection.
//
// A firewall that swallows what it does not let through makes us wait until we give up connecting.
// Whoever has cost that once gets datagrams for a while, whatever their size (RFC 3261 18.1.1 asks
// for one attempt). States of a peer: unknown → noted → unknown again, after `memory`.
// Invariants: never more than `peersMax`; when they are full, all are forgotten, and tried again.
// Who may change it: `TransactionTable`.

package import Engine

/// Peers on UDP that do not take TCP.
package struct StreamlessPeers: Sendable {
  private static let memory = Duration.seconds(600)
  private static let peersMax = 4096

  private var until: [Endpoint: Instant] = [:]

  /// Makes an empty memory.
  package init() {}

  /// Whether a peer has not taken a connection lately.
  package func contains(_ peer: Endpoint, at now: Instant) -> Bool {
    guard !until.isEmpty, let end = until[peer.by(.udp)] else { return false }
    return now < end
  }

  /// Notes that a peer has not taken one.
  mutating func note(_ peer: Endpoint, at now: Instant) {
    if until.count >= Self.peersMax { until.removeAll(keepingCapacity: true) }
    until[peer.by(.udp)] = now + Self.memory
  }
}
