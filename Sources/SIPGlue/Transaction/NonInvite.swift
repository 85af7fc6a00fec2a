// Non-INVITE transactions: RFC 3261 17.1.2, RFC 4320. Most of the server side is in
// InviteServer.swift.

package import Engine

extension TransactionTable {
  /// Sees to it that somebody whose request waits for another's answer hears a 100 once he sends it
  /// every T2 only, and never before (RFC 4320 4.1).
  package mutating func sayTryingLater(_ handle: TransactionHandle, at now: Instant) {
    guard let slot = slot(of: handle), records[slot].kind == .nonInviteServer,
      records[slot].state == .trying
    else { return }
    armRetry(slot, .t2, at: now)
  }

  /// Says that a request is not forgotten.
  package mutating func sayTrying(_ slot: Int, at now: Instant, into out: inout OutgoingQueue) {
    guard records[slot].state == .trying else { return }
    reply(to: handle(of: slot), with: Reply(100, tag: nil), at: now, into: &out)
  }

  package mutating func receiveNonInvite(
    _ response: borrowing Received,
    _ slot: Int,
    at now: Instant
  ) -> ResponseOutcome {
    let status = response.envelope.statusCode
    let handle = handle(of: slot)
    switch records[slot].state {
    case .trying, .proceeding:
      records[slot].status = status
      guard status >= 200 else {
        // E goes on, from now on every T2; F goes on too.
        records[slot].state = .proceeding
        return .provisional(handle)
      }
      records[slot].state = .completed
      records[slot].retryStamp = 0
      pool.give(back: &records[slot].request)
      armLife(slot, records[slot].isReliable ? .atOnce : .t4, at: now)  // K
      return .final(handle)
    case .completed: return .absorbed(handle)
    case .free, .confirmed, .accepted: return .stray
    }
  }

  /// Timer E.
  package mutating func repeatRequest(_ slot: Int, at now: Instant, into out: inout OutgoingQueue) {
    guard records[slot].state == .trying || records[slot].state == .proceeding else { return }
    out.append(
      records[slot].request.view(Int(records[slot].requestLength)),
      to: records[slot].peer
    )
    if records[slot].tries == 0 { armLife(slot, .rest, at: now) }  // F
    records[slot].tries = min(records[slot].tries + 1, 64)
    let isProceeding = records[slot].state == .proceeding
    armRetry(slot, isProceeding ? .t2 : capped(records[slot].tries), at: now)
  }
}
