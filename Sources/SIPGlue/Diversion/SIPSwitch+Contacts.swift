// A DN with several contacts: they are called in the order of `q`, one by one (RFC 3261 16.6).
//
// The next one follows when one is busy or not there; who declines, declines for all his phones.
// A phone that does not even say that it heard us is given up after `contactPatience` when there
// is another one to call: its registration may outlive it by an hour.

internal import Engine

extension SIPSwitch {
  /// Whether there is another contact to call after the present one.
  func hasNextContact(_ slot: Slot, at now: Instant) -> Bool {
    guard let dn = calls[slot].reached, calls[slot].rank < Self.rankMax else { return false }
    return registrar.contact(of: dn, rank: Int(calls[slot].rank) + 1, at: now) != nil
  }

  /// Calls the next contact of the same DN, if there is one.
  mutating func triesNextContact(
    _ slot: Slot,
    after failure: RouteFailure,
    at now: Instant
  ) -> Bool {
    guard failure != .rejected, calls[slot].phase == .diverting, let dn = calls[slot].reached
    else { return false }
    let hasRung = calls[slot].hasRung
    while hasNextContact(slot, at: now) {
      calls[slot].rank += 1
      guard case .success(let hop) = resolve(.dn(dn), rank: Int(calls[slot].rank), at: now)
      else { continue }
      bridge(slot, to: hop, at: now)
      // The engine has been told once that the DN rings.
      calls[slot].hasRung = hasRung
      return true
    }
    return false
  }

  /// A phone has not said a word.
  mutating func giveUpSilent(_ target: Slot, at now: Instant) {
    guard legs[target].state == .calling, let slot = legs[target].call,
      hasNextContact(slot, at: now)
    else { return }
    hangUp(target, because: .noAnswer, at: now)
    calls[slot].target = nil
    if !triesNextContact(slot, after: .unreachable, at: now) {
      failed(slot, .unreachable, at: now)
    }
  }

  /// More contacts of one DN are not looked at.
  private static var rankMax: UInt8 { 64 }
}
