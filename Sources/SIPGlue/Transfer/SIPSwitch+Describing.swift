// Targets that take no INVITE without an offer, for a caller who talks already.
//
// RFC 3261 13.2.1 asks everybody to make an offer in the 200 then; some phones refuse. They get
// what the party's own INVITE has offered, which is still in the call's text.

internal import Engine

extension SIPSwitch {
  /// Sends the INVITE again, with what is known of the party that stays; false: nothing is, or it
  /// was not that.
  mutating func offersDescription(to target: Slot, after status: UInt16, at now: Instant) -> Bool {
    guard let slot = legs[target].call, calls[slot].isAnswered,
      legs[target].offering == .nothing, legs[target].state == .calling,
      Self.wantsOffer(status), let known = description(of: slot)
    else { return false }
    legs[target].isProceeding = false
    targetURI.removeAll()
    targetURI.write(legs[target].text.bytes[legs[target].target])
    touch(leg: target)
    calls[slot].envelope.body = known
    let isSent = invite(target, to: slot, at: now)
    calls[slot].envelope.body = .none
    legs[target].offering = .description
    return isSent
  }

  /// Whether a refusal may be one of the missing offer.
  static func wantsOffer(_ status: UInt16) -> Bool {
    status == 400 || status == 415 || status == 488 || status == 606
  }

  /// What the INVITE of a call's caller has offered; nil: nothing, or not in one part.
  func description(of slot: Slot) -> ByteSlice? {
    let invite = calls[slot].invite.bytes
    let envelope = Envelope(scanning: invite)
    guard !envelope.isOdd, !envelope.body.isEmpty,
      invite[envelope.contentType].hasPrefixIgnoringCase("application/sdp")
    else { return nil }
    return envelope.body
  }

  /// Whether a target that has answered a description does not know this one yet.
  func isNew(_ body: ByteView, to target: Slot, of slot: Slot) -> Bool {
    guard legs[target].offering == .description, legs[target].state == .talking else {
      return false
    }
    return description(of: slot).map { !calls[slot].invite.bytes[$0].equals(body) } ?? true
  }
}
