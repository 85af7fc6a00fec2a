// Diversion by a second leg: a back-to-back user agent that passes session descriptions on as they
// are.
//
// The target's leg has its own Call-ID, tags, numbers and Contact; the caller learns nothing of it
// but ringing, answer and end. The offer may lie in the caller's INVITE (then the target's success
// is acknowledged at once) or be left to the target (then its offer goes to the caller in our 200,
// and the answer in the caller's ACK goes to the target in ours; RFC 3261 13.2.1). Of several
// phones that answer, the first wins; the others are acknowledged and ended (PEERS B1, B6). What a
// caller sees during an attempt and after it failed must not contradict each other: once a session
// description has been shown under our tag, the next attempt gets a new tag, as if the call had
// been forked.

internal import Engine

extension SIPSwitch {
  // MARK: Out

  /// Sends the call to `targetURI`, by way of `hop`.
  mutating func bridge(_ slot: Slot, to hop: Endpoint, at now: Instant) {
    if calls[slot].hasShownMedia { renewTag(of: slot) }
    let tag = tokens.next()
    let target = legs.insert(makeLeg(slot, tag: tag, hop: hop))
    map.set(tag, Owner(.leg, target))
    calls[slot].phase = .diverting
    calls[slot].hasRung = false
    calls[slot].target = target
    touch(leg: target)
    counters.bridges += 1
    guard invite(target, to: slot, at: now) else {
      // The table of transactions is full.
      removeLeg(target)
      return failed(slot, .unreachable, at: now)
    }
  }

  /// The caller knows a new dialog: what he saw in the last one must not be contradicted.
  mutating func renewTag(of slot: Slot) {
    if let early = calls[slot].caller {
      removeLeg(early)
      calls[slot].caller = nil
    } else {
      map.remove(calls[slot].localTag)
    }
    calls[slot].localTag = tokens.next()
    calls[slot].hasShownMedia = false
    map.set(calls[slot].localTag, Owner(.call, slot))
  }

  /// Sends our INVITE for a call on a leg whose target is in `targetURI`; false: there is no room.
  mutating func invite(_ target: Slot, to slot: Slot, at now: Instant) -> Bool {
    legs[target].clientSequence = legs[target].localSequence + 1
    let facts = diversionFacts(slot)
    lines.writeDiversion(facts, keepingEarlier: true)
    lines.writeHistory(facts)
    writePassedHeaders(of: slot, to: legs[target].hop)
    writeAbilities(of: slot, to: target)
    if !transfers.isEmpty { writeReferredBy(of: slot) }
    let invite = calls[slot].invite.bytes
    let envelope = calls[slot].envelope
    var request = LegRequest(.invite, owner: Owner(.leg, target))
    request.body = invite[envelope.body]
    request.bodyType = invite[envelope.contentType]
    request.maxForwards = UInt8(
      clamping: (envelope.maxForwards < 0 ? 70 : envelope.maxForwards) - 1
    )
    guard let handle = send(request, on: target, at: now) else { return false }
    legs[target].clientInvite = handle
    legs[target].offering = request.body.isEmpty ? .nothing : .session
    if hasNextContact(slot, at: now) { silences.arm(target.index, at: now) }
    return true
  }

  /// Writes what the target may use: reliable answers if the caller knows them, session timers.
  private mutating func writeAbilities(of slot: Slot, to target: Slot) {
    let isReliable = calls[slot].headers.abilities.contains(.reliable)
    let hasTimer = plan.session.interval > 0
    lines.write("Supported: replaces")
    if isReliable { lines.write(", 100rel") }
    if hasTimer { lines.write(", timer") }
    lines.write("\r\n")
    if calls[slot].needsReliable { lines.header("Require", "100rel") }
    writeSessionOffer(to: target)
  }

  /// A leg whose texts are those of an INVITE to `targetURI`.
  private mutating func makeLeg(_ slot: Slot, tag: SIPToken, hop: Endpoint) -> Leg {
    let invite = calls[slot].invite.bytes
    let from = invite[calls[slot].envelope.from.value]
    let uri = targetURI.bytes
    var draft = LegText()
    scratch.removeAll()
    scratch.write(tokens.next())
    scratch.write(byte: UInt8(ascii: "@"))
    scratch.write(addressOf: sentBy)
    draft.callID = scratch.slice(from: 0)
    draft.local =
      isAnonymous(slot, to: hop) ? writeAnonymous(tag: tag) : writeIdentity(from, tag: tag)
    var start = scratch.count
    scratch.write(byte: UInt8(ascii: "<"))
    scratch.write(uri)
    scratch.write(byte: UInt8(ascii: ">"))
    draft.remote = scratch.slice(from: start)
    start = scratch.count
    scratch.write(uri)
    draft.target = scratch.slice(from: start)
    draft.routes = scratch.append(targetRoutes.bytes)
    var leg = Leg(
      side: .target,
      state: .calling,
      call: slot,
      attempt: calls[slot].attempt,
      text: texts.make(scratch.bytes),
      localTag: tag,
      hop: hop,
      localSequence: 0,
      remoteSequence: -1,
      entry: calls[slot].entry
    )
    leg.take(draft)
    return leg
  }

  /// Writes nobody's name, with our tag (RFC 3323 4.1.1.3).
  private mutating func writeAnonymous(tag: SIPToken) -> ByteSlice {
    let start = scratch.count
    scratch.write("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=")
    scratch.write(tag)
    return scratch.slice(from: start)
  }

  /// Writes the caller's display name and user at our domain, with our tag.
  private mutating func writeIdentity(_ from: ByteView, tag: SIPToken) -> ByteSlice {
    let start = scratch.count
    if let address = NameAddress(from) {
      if !address.display.isEmpty {
        // Quoted or made of tokens: both may stand in quotes as they are.
        scratch.write(byte: UInt8(ascii: "\""))
        scratch.write(from[address.display])
        scratch.write("\" ")
      }
      scratch.write("<sip:")
      let text = from[address.uri]
      if let uri = SIPURI(text), !uri.user.isEmpty {
        scratch.write(text[uri.user])
        scratch.write(byte: UInt8(ascii: "@"))
      }
    } else {
      scratch.write("<sip:")
    }
    scratch.write(domain.bytes)
    scratch.write(">;tag=")
    scratch.write(tag)
    return scratch.slice(from: start)
  }

  // MARK: Progress

  /// 1xx to our INVITE.
  mutating func progressed(
    _ target: Slot,
    _ received: borrowing Received,
    at now: Instant
  ) {
    let status = received.envelope.statusCode
    guard status > 100, let slot = legs[target].call else { return }
    legs[target].hasRung = legs[target].hasRung || status == 180 || status == 183
    let headers = DialogHeaders(received)
    guard !calls[slot].isAnswered else {
      if headers.isReliable {
        acknowledgeProvisional(headers.responseNumber, received, of: target, at: now)
      }
      return tellRinging(slot, status, at: now)
    }
    let tag = table.hashOfTag(received)
    // Of several phones behind a proxy the caller knows the one that was first to say something.
    let isShown = legs[target].shownTag == 0 || legs[target].shownTag == tag
    let isReliable =
      headers.isReliable && isShown && calls[slot].headers.abilities.contains(.reliable)
    if headers.isReliable, !isReliable {
      acknowledgeProvisional(headers.responseNumber, received, of: target, at: now)
    }
    guard isReliable || (status == 180 || status == 183) && !calls[slot].needsReliable else {
      return
    }
    var answer = Reply(status, tag: calls[slot].localTag)
    if isShown {
      answer.body = received.bytes[received.envelope.body]
      answer.bodyType = received.bytes[received.envelope.contentType]
    }
    if isReliable || !answer.body.isEmpty {
      legs[target].shownTag = tag
      calls[slot].hasShownMedia = true
    }
    if isReliable {
      openEarly(slot, target, received)
      lines.header("Require", "100rel")
      lines.header("RSeq", decimal: UInt64(headers.responseNumber))
    }
    writeContact(entry: calls[slot].entry, toward: calls[slot].source)
    reply(to: calls[slot].transaction, answer, at: now)
    tellRinging(slot, status, at: now)
  }

  /// A reliable answer opens a dialog on both sides, in which PRACK and UPDATE pass.
  private mutating func openEarly(
    _ slot: Slot,
    _ target: Slot,
    _ received: borrowing Received
  ) {
    guard legs[target].remoteTag.isEmpty else { return }
    adopt(received, on: target)
    touch(leg: target, isUrgent: false)
    guard calls[slot].caller == nil else { return }
    calls[slot].caller = makeCallerLeg(slot, state: .early)
  }

  /// The caller has been told that it rings, or how far it is.
  private mutating func tellRinging(_ slot: Slot, _ status: UInt16, at now: Instant) {
    if !calls[slot].isAnswered { refresh.arm(slot.index, at: now) }
    calls[slot].told = status
    touch(call: slot, isUrgent: false)
    guard !calls[slot].hasRung, status == 180 || status == 183 else { return }
    calls[slot].hasRung = true
    guard !calls[slot].isUnseen else { return }
    signals.append(.ringing(calls[slot].conn, attempt: calls[slot].attempt))
  }

  /// A final answer of 300 or more to our INVITE, or none at all.
  mutating func refused(
    _ target: Slot,
    _ failure: RouteFailure,
    status: UInt16? = nil,
    at now: Instant
  ) {
    let slot = legs[target].call
    removeLeg(target)
    guard let slot else { return }
    // Who declines, declines for all places.
    if failure != .rejected, takesNextPlace(slot, at: now) { return }
    guard !triesNextContact(slot, after: failure, at: now) else { return }
    failed(slot, failure, status: status, at: now)
  }

  /// The attempt is over; the caller waits on.
  mutating func failed(
    _ slot: Slot,
    _ failure: RouteFailure,
    status: UInt16? = nil,
    at now: Instant
  ) {
    if !transfers.isEmpty { leaveJoin(of: slot, at: now) }
    abortRenegotiation(of: slot, at: now)
    forgetDetour(of: slot)
    calls[slot].phase = .waiting
    calls[slot].target = nil
    touch(call: slot)
    calls[slot].lastFailure = failure
    guard !calls[slot].isUnseen else { return failOutside(slot, failure, status: status, at: now) }
    if calls[slot].isQueued { sayStillWaiting(slot, at: now) }
    let attempt = calls[slot].attempt
    signals.append(
      .diversionFailed(calls[slot].conn, attempt: attempt, failure, status: status)
    )
  }

  // MARK: Answer

  /// 2xx to our INVITE.
  mutating func answered(
    _ target: Slot,
    _ received: borrowing Received,
    at now: Instant
  ) {
    adopt(received, on: target)
    guard let slot = legs[target].call else {
      // Cancelled, but the phone was faster (RFC 3261 9.1).
      counters.lateAnswers += 1
      legs[target].state = .talking
      legs[target].owesACK = true
      return hangUp(target, because: .takenBack, at: now)
    }
    if calls[slot].isAnswered { return answeredForParty(target, of: slot, received, at: now) }
    let tag = table.hashOfTag(received)
    if calls[slot].hasShownMedia, legs[target].shownTag != tag {
      // Another phone than the one that the caller has heard: for him it is another dialog.
      abortRenegotiation(of: slot, at: now)
      renewTag(of: slot)
    }
    legs[target].shownTag = tag
    legs[target].state = .talking
    legs[target].owesACK = true
    touch(leg: target)
    touch(call: slot)
    if calls[slot].hasOffer { acknowledge(target, body: .empty, type: .empty) }

    forgetDetour(of: slot)
    let caller = confirmCallerLeg(slot)
    calls[slot].phase = .talking
    adoptSession(DialogHeaders(received), on: target, at: now)
    keepDescription(calls[slot].invite.bytes[calls[slot].envelope.body], on: target)
    refresh.disarm(slot.index)
    let handle = calls[slot].transaction
    table.setOwner(Owner(.leg, caller).raw, of: handle)
    var answer = Reply(200, tag: calls[slot].localTag)
    answer.body = received.bytes[received.envelope.body]
    answer.bodyType = received.bytes[received.envelope.contentType]
    writeContact(entry: calls[slot].entry, toward: calls[slot].source)
    lines.header("Allow", Self.allowed)
    lines.header("Supported", "replaces")
    grantSession(calls[slot].headers, on: caller, at: now)
    keepDescription(answer.body, on: caller)
    reply(to: handle, answer, at: now)
    probes.arm(target.index, at: now)
    probes.arm(caller.index, at: now)
    counters.answers += 1
    signals.append(.answered(calls[slot].conn, attempt: calls[slot].attempt))
  }

  /// The caller's leg, made of his INVITE and our tag (RFC 3261 12.1.1).
  private mutating func makeCallerLeg(_ slot: Slot, state: Leg.State) -> Slot {
    makeServerLeg(calls[slot], of: slot, side: .caller, state: state)
  }

  /// A leg made of the INVITE of a call, which need not be in its slab.
  mutating func makeServerLeg(
    _ call: Call,
    of slot: Slot,
    side: Leg.Side,
    state: Leg.State
  ) -> Slot {
    let invite = call.invite.bytes
    let envelope = call.envelope
    var draft = LegText()
    scratch.removeAll()
    draft.callID = scratch.append(invite[envelope.callID])
    var start = scratch.count
    scratch.write(invite[envelope.to.value])
    scratch.write(";tag=")
    scratch.write(call.localTag)
    draft.local = scratch.slice(from: start)
    draft.remote = scratch.append(invite[envelope.from.value])
    draft.remoteTag = scratch.append(invite[envelope.from.tag])
    let contact = invite[envelope.contact]
    let reached = NameAddress(contact).map { contact[$0.uri] } ?? invite[envelope.from.uri]
    draft.target = scratch.append(reached)
    start = scratch.count
    RouteValues.write(invite[envelope.recordRouteLines], reversed: false, to: &scratch)
    draft.routes = scratch.slice(from: start)
    let text = texts.make(scratch.bytes)
    var leg = Leg(
      side: side,
      state: state,
      call: slot,
      text: text,
      localTag: call.localTag,
      hop: callerHop(of: call, text.bytes, draft) ?? call.source,
      localSequence: 0,
      remoteSequence: Int64(envelope.sequence),
      entry: call.entry
    )
    leg.take(draft)
    leg.serverInvite = call.transaction
    leg.serverSequence = envelope.sequence
    let made = legs.insert(leg)
    map.set(call.localTag, Owner(.leg, made))
    return made
  }

  /// The caller's leg, now that he is answered.
  mutating func confirmCallerLeg(_ slot: Slot) -> Slot {
    let caller = calls[slot].caller ?? makeCallerLeg(slot, state: .talking)
    calls[slot].caller = caller
    legs[caller].state = .talking
    legs[caller].awaitsACK = true
    touch(leg: caller)
    return caller
  }
}
