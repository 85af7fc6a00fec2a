// INVITE with Replaces for a dialog of ours that still rings (RFC 3891 3): directed pick-up.
//
// The newcomer's extension is called by a consult call first, so that the engine says whether he
// may have it; then the ringing call is transferred to where that one was to go. Both parties have
// made an offer, and each is answered with the other's, where that can be (`SessionMatch`).

internal import Engine

extension SIPSwitch {
  /// The leg to a phone that rings, by the dialog that this phone has.
  ///
  /// Our tag and Call-ID name it alone: the phone's own tag is kept when it answers.
  func ringing(_ dialog: ReferRequest.Dialog) -> Owner? {
    guard let tag = dialog.toTag.withByteView({ SIPToken($0) }), let owner = map.party(tag),
      owner.kind == .leg, legs[owner.slot].state == .calling, legs[owner.slot].remoteTag.isEmpty
    else { return nil }
    let callID = legs[owner.slot].text.bytes[legs[owner.slot].callID]
    return dialog.callID.withByteView { callID.equals($0) } ? owner : nil
  }

  /// Serves an INVITE that takes a call which rings elsewhere.
  mutating func takeRinging(
    _ held: Slot,
    _ received: borrowing Received,
    _ newcomer: Newcomer,
    at now: Instant
  ) {
    let handle = newcomer.invite
    guard calls[held].phase == .diverting, calls[held].hasRung, !calls[held].isUnseen else {
      return refuse(handle, 481, at: now)
    }
    guard !transfers.concern(held), transfers.joins[held] == nil else {
      return refuse(handle, 491, at: now)
    }
    let dn = DN(newcomer.number)
    guard registrar.isExtension(dn), let entry = entryIndex.index(of: dn),
      dn != callingDN(of: held)
    else {
      return refuse(handle, 403, at: now)
    }
    let offer = received.bytes[received.envelope.body]
    let asked = calls[held].invite.bytes[calls[held].envelope.body]
    guard !offer.isEmpty, calls[held].isAnswered || SessionMatch.isMutual(offer, asked) else {
      return refuse(handle, 488, at: now)
    }
    pickUp(held, received, newcomer, at: entry, at: now)
  }

  /// The engine has the call at the newcomer's extension.
  mutating func pickedUp(
    _ held: Slot,
    by newcomer: Slot,
    of consult: Slot,
    at now: Instant
  ) {
    let offer = transfers.offers.removeValue(forKey: consult)
    let reached = calls[consult].reached
    _ = transfers.remove(held)
    calls[consult].target = nil
    legs[newcomer].call = held
    legs[newcomer].attempt = calls[held].attempt
    end(consult, by: nil, at: now)
    abortRenegotiation(of: held, at: now)
    forgetDetour(of: held)
    if let phone = calls[held].target { hangUp(phone, because: .answeredElsewhere, at: now) }
    calls[held].target = newcomer
    calls[held].reached = reached
    touch(call: held)
    joinCapture(newcomer)
    guard !calls[held].isAnswered else {
      return join(newcomer, of: held, offering: offer, at: now)
    }
    guard let offer else { return }
    let asked = texts.make(calls[held].invite.bytes[calls[held].envelope.body])
    let type = ByteView("application/sdp")
    welcome(newcomer, to: held, answer: asked.bytes, type: type, at: now)
    answerCaller(of: held, with: offer.bytes, type: type, at: now)
    texts.free(asked)
    texts.free(offer)
  }

  /// Answers a caller with what somebody has offered who is no target of ours.
  private mutating func answerCaller(
    of slot: Slot,
    with body: ByteView,
    type: ByteView,
    at now: Instant
  ) {
    // For him it is another dialog than the one that has rung.
    if calls[slot].hasShownMedia { renewTag(of: slot) }
    let caller = confirmCallerLeg(slot)
    calls[slot].phase = .talking
    refresh.disarm(slot.index)
    let handle = calls[slot].transaction
    table.setOwner(Owner(.leg, caller).raw, of: handle)
    var answer = Reply(200, tag: calls[slot].localTag)
    answer.body = body
    answer.bodyType = type
    writeContact(entry: calls[slot].entry, toward: calls[slot].source)
    lines.header("Allow", Self.allowed)
    lines.header("Supported", "replaces")
    grantSession(calls[slot].headers, on: caller, at: now)
    keepDescription(body, on: caller)
    reply(to: handle, answer, at: now)
    probes.arm(caller.index, at: now)
    counters.answers += 1
    signals.append(.answered(calls[slot].conn, attempt: calls[slot].attempt))
  }
}
