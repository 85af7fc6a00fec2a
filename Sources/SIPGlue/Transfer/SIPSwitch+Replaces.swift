// INVITE with Replaces: somebody comes to take the place of a party (RFC 3891).
//
// States of a newcomer: his leg is early, and his INVITE has no final answer, until the party that
// stays has answered his offer; then it is talking, and whose place he takes hears BYE. Where the
// engine sees who talks, at an extension of ours, it is a transfer to the newcomer's extension that
// has been answered already; else it is a matter of the line alone. Invariant: an early leg of a
// newcomer is the target of a join, or named by a transfer. Who may change it: here only.

internal import Engine

/// Who comes, and with which INVITE.
struct Newcomer {
  var invite: TransactionHandle
  /// Who he says he is, and has shown to be.
  var number: String
  var source: Endpoint
  /// The DN that he has called.
  var entry: Int
}

extension SIPSwitch {
  /// Serves an INVITE with Replaces.
  mutating func replaceParty(
    _ received: borrowing Received,
    _ headers: OfferHeaders,
    by newcomer: Newcomer,
    at now: Instant
  ) {
    let handle = newcomer.invite
    let bytes = received.bytes
    var count = 0
    received.forEachToken(of: "replaces", or: 0) { _ in count += 1 }
    guard count == 1, let dialog = ReferRequest.dialog(bytes[headers.replaces].string) else {
      return refuse(handle, 400, at: now)
    }
    guard let owner = party(of: dialog) ?? ringing(dialog), owner.kind == .leg else {
      return refuse(handle, 481, at: now)
    }
    let old = owner.slot
    guard let call = legs[old].call else { return refuse(handle, 603, at: now) }
    if legs[old].state == .calling {
      return takeRinging(call, received, newcomer, at: now)
    }
    guard legs[old].state == .talking, calls[call].phase == .talking, let stays = partner(of: old)
    else { return refuse(handle, 481, at: now) }
    guard !dialog.isEarlyOnly else { return refuse(handle, 486, at: now) }
    guard !transfers.concern(call), transfers.joins[call] == nil else {
      return refuse(handle, 491, at: now)
    }
    let offer = bytes[received.envelope.body]
    guard !offer.isEmpty else { return refuse(handle, 488, at: now) }
    let place = calls[call].reached.flatMap { registrar.isExtension($0) ? $0 : nil }
    if legs[old].side == .target, place != nil {
      let dn = DN(newcomer.number)
      guard registrar.isExtension(dn), let entry = entryIndex.index(of: dn) else {
        return refuse(handle, 403, at: now)
      }
      return pickUp(call, received, newcomer, at: entry, at: now)
    }
    // Nobody but trusted peers speaks for numbers that are not ours.
    guard plan.trusted.contains(where: { $0.contains(newcomer.source) }),
      legs[old].side == .target || !registrar.isExtension(callingDN(of: call))
    else { return refuse(handle, 403, at: now) }
    let leg = makeLeg(of: newcomer, received, in: call, side: legs[old].side)
    join(leg, of: call, with: stays, offering: texts.make(offer), at: now)
  }

  /// The newcomer's extension is to take over the call: the engine must see it.
  mutating func pickUp(
    _ held: Slot,
    _ received: borrowing Received,
    _ newcomer: Newcomer,
    at entry: Int,
    at now: Instant
  ) {
    guard calls.count < plan.limits.callsMax else {
      lines.header("Retry-After", decimal: UInt64(plan.limits.retryAfter))
      return refuse(newcomer.invite, 503, at: now)
    }
    var transfer = Transfer(consult: makeConsult(of: held, entry, by: .target), referrer: nil)
    transfer.newcomer = makeLeg(of: newcomer, received, in: transfer.consult, side: .target)
    transfers.begin(transfer, of: held)
    let offer = texts.make(received.bytes[received.envelope.body])
    // It waits for the engine's word.
    transfers.offers[transfer.consult] = offer
    let dn = entries[entry].dn
    var call = CallOffer(calls[transfer.consult].conn, at: dn, dnis: dn.number, type: .consult)
    call.consultOf = calls[held].conn
    signals.append(.offered(call))
  }

  /// The engine has sent the call to the newcomer's extension, who is here already.
  ///
  /// - Returns: Whether there is a newcomer.
  mutating func joinsNewcomer(_ slot: Slot, at now: Instant) -> Bool {
    guard let held = transfers.held(of: slot), let leg = transfers[held]?.newcomer,
      let offer = transfers.offers.removeValue(forKey: slot)
    else { return false }
    calls[slot].phase = .diverting
    calls[slot].hasRung = false
    calls[slot].target = leg
    if calls[held].phase == .talking {
      join(leg, of: slot, offering: offer, at: now)
    } else {
      transfers.offers[slot] = offer
      signals.append(.transferred(calls[slot].conn, into: calls[held].conn))
    }
    return true
  }

  private mutating func makeLeg(
    of newcomer: Newcomer,
    _ received: borrowing Received,
    in slot: Slot,
    side: Leg.Side
  ) -> Slot {
    let invite = texts.make(received.bytes)
    let call = Call(
      conn: calls[slot].conn,
      invite: invite,
      envelope: received.envelope,
      source: newcomer.source,
      transaction: newcomer.invite,
      localTag: tokens.next(),
      mergeKey: 0,
      entry: newcomer.entry,
      isTrusted: false,
      hasHistory: false,
      uuid: calls[slot].uuid,
      headers: DialogHeaders()
    )
    let leg = makeServerLeg(call, of: slot, side: side, state: .early)
    texts.free(invite)
    table.setOwner(Owner(.leg, leg).raw, of: newcomer.invite)
    // Another process knows nothing of him but that he waits for an answer.
    let final = finals.insert(Final(conn: calls[slot].conn, transaction: newcomer.invite))
    transfers.newcomers[leg] = final
    keeper.touch(&finals[final].kept, Owner(.final, final), isUrgent: true)
    joinCapture(leg)
    return leg
  }

  /// The party that stays has answered the newcomer's offer.
  mutating func welcome(
    _ leg: Slot,
    to slot: Slot,
    answer: ByteView,
    type: ByteView,
    at now: Instant
  ) {
    if let final = transfers.newcomers.removeValue(forKey: leg) {
      settled(Owner(.final, final))
    }
    legs[leg].state = .talking
    legs[leg].awaitsACK = true
    guard let handle = legs[leg].serverInvite else { return }
    var reply = Reply(200, tag: legs[leg].localTag)
    reply.body = answer
    reply.bodyType = type
    writeContact(entry: legs[leg].entry, toward: legs[leg].hop)
    lines.header("Allow", Self.allowed)
    self.reply(to: handle, reply, at: now)
    touch(leg: leg)
    probes.arm(leg.index, at: now)
    guard calls[slot].phase == .talking else { return }
    // The engine need not know.
    let old = legs[leg].side == .caller ? calls[slot].caller : calls[slot].target
    if legs[leg].side == .caller {
      calls[slot].caller = leg
      calls[slot].localTag = legs[leg].localTag
    } else {
      calls[slot].target = leg
    }
    if let old { hangUp(old, because: .answeredElsewhere, at: now) }
  }

  /// The newcomer, if he still waits, is not wanted.
  mutating func turnAway(_ leg: Slot, _ status: UInt16, at now: Instant) {
    guard let final = transfers.newcomers.removeValue(forKey: leg), legs.contains(leg) else {
      return
    }
    if let handle = legs[leg].serverInvite {
      table.setOwner(Owner(.final, final).raw, of: handle)
      reply(to: handle, status, tag: legs[leg].localTag, at: now)
      keeper.touch(&finals[final].kept, Owner(.final, final), isUrgent: true)
    }
    if let call = legs[leg].call {
      if calls[call].target == leg { calls[call].target = nil }
      if let offer = transfers.offers.removeValue(forKey: call) { texts.free(offer) }
    }
    removeLeg(leg)
  }

  /// The newcomer has changed his mind.
  mutating func newcomerLeft(_ leg: Slot, at now: Instant) {
    let call = legs[leg].call
    turnAway(leg, 487, at: now)
    guard let call else { return }
    if transfers.held(of: call) != nil { return end(call, by: .caller, at: now) }
    leaveJoin(of: call, at: now)
  }
}
