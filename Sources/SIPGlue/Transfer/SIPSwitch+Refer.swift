// REFER inside a dialog, and what its sender is told (RFC 3515, RFC 5589 6 and 7).

internal import Engine

extension SIPSwitch {
  /// Serves a REFER: refused at once, or accepted with 202 and then reported on.
  mutating func refer(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from slot: Slot,
    at now: Instant
  ) {
    legs[slot].remoteSequence = Int64(received.envelope.sequence)
    touch(leg: slot, isUrgent: false)
    guard let call = legs[slot].call else { return refuse(handle, 481, at: now) }
    guard legs[slot].state == .talking, calls[call].phase == .talking else {
      return refuse(handle, 403, at: now)
    }
    let request: ReferRequest
    switch ReferRequest.read(received) {
    case .problem(let status): return refuse(handle, status, at: now)
    case .request(let read): request = read
    }
    guard mayTransfer(slot, in: call, request) else { return refuse(handle, 603, at: now) }
    guard !transfers.concern(call), transfers.joins[call] == nil, partner(of: slot) != nil else {
      return refuse(handle, 491, at: now)
    }
    var transfer = Transfer(consult: call, referrer: slot)
    transfer.side = legs[slot].side == .caller ? .caller : .target
    transfer.isReported = request.isReported
    transfer.referredBy = request.referredBy
    if legs[slot].hasReferred { transfer.eventID = received.envelope.sequence }
    if let dialog = request.replaced {
      accept(handle, request, on: slot, at: now)
      return replace(dialog, transfer, from: slot, at: now)
    }
    let entry = entryIndex.index(of: DN(request.number))
    let trunk = plan.trunks.first { $0.takes(request.number) && !request.number.isEmpty }
    guard entry != nil || trunk != nil else { return refuse(handle, 404, at: now) }
    // The engine would not see that its extension still talks.
    guard entry != nil || legs[slot].side == .target || !reachesExtension(call) else {
      return refuse(handle, 603, at: now)
    }
    guard calls.count < plan.limits.callsMax else {
      lines.header("Retry-After", decimal: UInt64(plan.limits.retryAfter))
      return refuse(handle, 503, at: now)
    }
    accept(handle, request, on: slot, at: now)
    if let entry { return sendOn(transfer, of: call, to: entry, at: now) }
    guard let trunk else { return }
    sendOut(transfer, of: call, to: .trunk(name: trunk.name, number: request.number), at: now)
  }

  /// Whether a party may send the other one on: an extension of ours, and who was called.
  ///
  /// Who has called may do so where the site lets him, or to join his call with one that he was
  /// called by. A call that the engine does not see any more cannot be decided on.
  private func mayTransfer(_ slot: Slot, in call: Slot, _ request: ReferRequest) -> Bool {
    guard !calls[call].isUnseen else { return false }
    return switch (plan.transfers, legs[slot].side) {
    case (.none, _): false
    case (.called, .target), (.both, .target): reachesExtension(call)
    case (.called, .caller):
      request.replaced != nil && registrar.isExtension(callingDN(of: call))
    case (.both, .caller): true
    }
  }

  /// Whether it is an extension of ours that a call was diverted to.
  private func reachesExtension(_ call: Slot) -> Bool {
    calls[call].reached.map { registrar.isExtension($0) } ?? false
  }

  /// Who calls, as From says.
  func callingDN(of call: Slot) -> DN {
    let from = calls[call].invite.bytes[calls[call].envelope.from.uri]
    return DN(SIPURI(from).map { $0.userText(in: from) } ?? "")
  }

  private mutating func accept(
    _ handle: TransactionHandle,
    _ request: ReferRequest,
    on slot: Slot,
    at now: Instant
  ) {
    counters.refers += 1
    if request.isReported {
      let number = legs[slot].hasReferred ? legs[slot].remoteSequence : 0
      transfers.reports[slot] = Report(eventID: UInt32(clamping: number))
    }
    legs[slot].hasReferred = true
    touch(leg: slot)
    writeContact(entry: legs[slot].entry, toward: legs[slot].hop)
    if !request.isReported { lines.header("Refer-Sub", "false") }
    reply(to: handle, 202, tag: nil, at: now)
  }

  // MARK: To a DN

  /// Offers the party that stays to a DN.
  private mutating func sendOn(
    _ asked: Transfer,
    of held: Slot,
    to entry: Int,
    at now: Instant
  ) {
    var transfer = asked
    let dn = entries[entry].dn
    transfer.consult = makeConsult(of: held, entry, by: transfer.side)
    // Where calls wait, the caller is in good hands as soon as he is there.
    transfer.isAsked = !registrar.isExtension(dn)
    transfers.begin(transfer, of: held)
    notify(transfer, 100, at: now)
    let conn = calls[transfer.consult].conn
    var offer = CallOffer(conn, at: dn, dnis: dn.number, type: .consult)
    offer.consultOf = calls[held].conn
    offer.consultBy = transfer.side
    signals.append(.offered(offer))
    guard transfer.isAsked else { return }
    signals.append(.transferred(conn, into: calls[held].conn, by: transfer.side))
  }

  /// Calls a number behind a trunk for the party that stays.
  ///
  /// There is no DN for the engine to see: for it, the call ends with the transfer, as with a 302.
  private mutating func sendOut(
    _ asked: Transfer,
    of held: Slot,
    to number: Destination,
    at now: Instant
  ) {
    var transfer = asked
    transfer.consult = makeConsult(of: held, calls[held].entry, by: transfer.side)
    transfer.end = now + plan.limits.transferRingMax
    calls[transfer.consult].isUnseen = true
    calls[transfer.consult].diversions += 1
    transfers.begin(transfer, of: held)
    notify(transfer, 100, at: now)
    switch resolve(number, rank: 0, at: now) {
    case .failure(let failure): failOutside(transfer.consult, failure.reason, at: now)
    case .success(let hop): bridge(transfer.consult, to: hop, at: now)
    }
  }

  /// A call of ours in the name of the party that stays in the held call.
  mutating func makeConsult(of held: Slot, _ entry: Int, by side: CallSide) -> Slot {
    let old = calls[held]
    var call = Call(
      conn: map.makeConnID(),
      invite: texts.make(old.invite.bytes),
      envelope: old.envelope,
      source: old.source,
      transaction: .none,
      localTag: tokens.next(),
      mergeKey: tokens.next().value,
      entry: entry,
      isTrusted: old.isTrusted,
      hasHistory: old.hasHistory,
      uuid: old.uuid,
      headers: DialogHeaders()
    )
    call.becomeAnswered()
    call.diversions = old.diversions
    if side == .caller, let party = old.target { nameCaller(of: &call, party, in: old) }
    let slot = calls.insert(call)
    map.set(call.conn, slot)
    touch(call: slot)
    return slot
  }

  // MARK: In place of the referrer

  /// Joins the referrer's two calls, or tells him why not.
  private mutating func replace(
    _ dialog: ReferRequest.Dialog,
    _ asked: Transfer,
    from slot: Slot,
    at now: Instant
  ) {
    var transfer = asked
    guard let call = legs[slot].call, let (other, side) = self.call(of: dialog) else {
      notify(transfer, 481, at: now)
      return
    }
    let hasMadeBoth = legs[slot].side == .caller && side == .caller
    let isHeld = legs[slot].side == .target || hasMadeBoth
    let held = isHeld ? call : other
    transfer.consult = isHeld ? other : call
    transfer.side = hasMadeBoth ? .caller : .target
    let isOwn =
      hasMadeBoth
      ? plan.transfers == .both && isSameCaller(of: held, transfer.consult)
      : side != legs[slot].side && calls[held].reached == callingDN(of: transfer.consult)
    guard isOwn, held != transfer.consult, calls[held].phase == .talking, !calls[held].isUnseen,
      transfer.staying(in: calls[held]) != nil, let leaver = transfer.leaving(calls[held]),
      legs[leaver].state == .talking, !calls[transfer.consult].isAnswered
    else {
      notify(transfer, 403, at: now)
      return
    }
    guard !transfers.concern(other), transfers.joins[other] == nil else {
      notify(transfer, 491, at: now)
      return
    }
    transfer.isAsked = true
    transfers.begin(transfer, of: held)
    notify(transfer, 100, at: now)
    signals.append(
      .transferred(calls[transfer.consult].conn, into: calls[held].conn, by: transfer.side)
    )
  }

  /// Whether two calls were made by the same party.
  private func isSameCaller(of call: Slot, _ other: Slot) -> Bool {
    let dn = callingDN(of: call)
    return dn == callingDN(of: other)
      && (registrar.isExtension(dn) || calls[call].source.hasSameAddress(as: calls[other].source))
  }

  /// The call that a dialog belongs to, and the side of it.
  private func call(of dialog: ReferRequest.Dialog) -> (Slot, Leg.Side)? {
    guard let owner = party(of: dialog) else { return nil }
    guard owner.kind == .leg else { return (owner.slot, .caller) }
    return legs[owner.slot].call.map { ($0, legs[owner.slot].side) }
  }

  /// The call (before it is answered) or leg that a dialog is.
  func party(of dialog: ReferRequest.Dialog) -> Owner? {
    guard let tag = dialog.toTag.withByteView({ SIPToken($0) }), let owner = map.party(tag) else {
      return nil
    }
    let callID: ByteView
    let remoteTag: ByteView
    switch owner.kind {
    case .call:
      let invite = calls[owner.slot].invite.bytes
      callID = invite[calls[owner.slot].envelope.callID]
      remoteTag = invite[calls[owner.slot].envelope.from.tag]
    case .leg:
      let text = legs[owner.slot].text.bytes
      callID = text[legs[owner.slot].callID]
      remoteTag = text[legs[owner.slot].remoteTag]
    case .nobody, .farewell, .relay, .probe, .final, .notice, .monitor, .report: return nil
    }
    let isSame =
      dialog.callID.withByteView { callID.equals($0) }
      && dialog.fromTag.withByteView { remoteTag.equals($0) }
    return isSame ? owner : nil
  }

  // MARK: NOTIFY

  /// Tells the referrer how it goes; a status of 200 or more is the last word.
  @discardableResult
  mutating func notify(_ transfer: Transfer, _ status: UInt16, at now: Instant) -> Bool {
    guard transfer.isReported, let slot = transfer.referrer, legs.contains(slot),
      legs[slot].state == .talking
    else { return false }
    return notify(slot, of: transfer.eventID, status, at: now)
  }

  private mutating func notify(
    _ slot: Slot,
    of eventID: UInt32,
    _ status: UInt16,
    at now: Instant
  ) -> Bool {
    lines.write("Event: refer")
    if eventID > 0 {
      lines.write(";id=")
      lines.write(decimal: UInt64(eventID))
    }
    lines.write("\r\nSubscription-State: ")
    lines.write(status < 200 ? "active;expires=180" : "terminated;reason=noresource")
    lines.write("\r\n")
    statusLine.removeAll()
    statusLine.write("SIP/2.0 ")
    statusLine.write(decimal: UInt64(status))
    statusLine.write(byte: 0x20)
    statusLine.write(Reply.reason(of: status))
    statusLine.write("\r\n")
    if status >= 200 {
      transfers.reports[slot]?.status = status
      touch(leg: slot)
    }
    // Only the last one is waited for.
    var request = LegRequest(.notify, owner: status < 200 ? .nobody : Owner(.report, slot))
    request.body = statusLine.bytes
    request.bodyType = ByteView("message/sipfrag;version=2.0")
    return send(request, on: slot, at: now) != nil
  }

  /// The last NOTIFY is answered, or never will be: who was told that he is not needed goes.
  mutating func reported(_ slot: Slot, at now: Instant) {
    if let report = transfers.reports[slot], report.status > 0 {
      transfers.reports[slot] = nil
      if legs.contains(slot) { touch(leg: slot, isUrgent: false) }
    }
    guard legs.contains(slot), legs[slot].state == .parting, !legs[slot].awaitsACK else { return }
    sayGoodbye(slot, at: now)
  }

  /// Tells a referrer of an earlier process what that one has not come to tell; false: there is
  /// nothing, or no way.
  mutating func reportAgain(_ slot: Slot, isLost: Bool, at now: Instant) -> Bool {
    let isMade = legs[slot].state == .parting
    guard let report = transfers.reports[slot], isMade || legs[slot].state == .talking else {
      return false
    }
    // What was not made by then is given up.
    let status = report.status > 0 ? report.status : isMade ? 200 : isLost ? 487 : 503
    return notify(slot, of: report.eventID, status, at: now)
  }

  /// Writes who sends the caller on (RFC 3892), for the INVITE of a consult call.
  mutating func writeReferredBy(of consult: Slot) {
    guard let held = transfers.held(of: consult), let transfer = transfers[held] else { return }
    lines.write("Referred-By: ")
    if transfer.referredBy.isEmpty {
      lines.write("<sip:")
      let referrer = transfer.side == .caller ? callingDN(of: held) : calls[held].reached
      (referrer?.number ?? "").withByteView { lines.writeUser($0) }
      lines.write(byte: UInt8(ascii: "@"))
      lines.write(domain.bytes)
      lines.write(">")
    } else {
      lines.write(text: transfer.referredBy)
    }
    lines.write("\r\n")
  }
}
