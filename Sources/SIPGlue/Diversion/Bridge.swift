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
    if calls[slot].hasShownMedia {
      map.remove(calls[slot].localTag)
      calls[slot].localTag = tokens.next()
      calls[slot].hasShownMedia = false
      map.set(calls[slot].localTag, Owner(.call, slot))
    }
    let tag = tokens.next()
    let target = legs.insert(makeLeg(slot, tag: tag, hop: hop))
    map.set(tag, Owner(.leg, target))
    calls[slot].phase = .diverting
    calls[slot].hasRung = false
    calls[slot].target = target
    legs[target].clientSequence = legs[target].localSequence + 1
    touch(leg: target)

    let facts = diversionFacts(slot)
    lines.writeDiversion(facts, keepingEarlier: true)
    lines.writeHistory(facts)
    writePassedHeaders(of: slot, to: hop)
    let invite = calls[slot].invite.bytes
    let envelope = calls[slot].envelope
    var request = LegRequest(.invite, owner: Owner(.leg, target))
    request.body = invite[envelope.body]
    request.bodyType = invite[envelope.contentType]
    request.maxForwards = UInt8(
      clamping: (envelope.maxForwards < 0 ? 70 : envelope.maxForwards) - 1
    )
    counters.bridges += 1
    guard let handle = send(request, on: target, at: now) else {
      // The table of transactions is full.
      removeLeg(target)
      return failed(slot, .unreachable, at: now)
    }
    legs[target].clientInvite = handle
    if hasNextContact(slot, at: now) { silences.arm(target.index, at: now) }
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
    draft.local = writeIdentity(from, tag: tag)
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

  /// Writes the headers of the caller's INVITE that the target is meant to see.
  private mutating func writePassedHeaders(of slot: Slot, to hop: Endpoint) {
    let mayAssert = calls[slot].isTrusted && plan.trusted.contains { $0.contains(hop) }
    let invite = calls[slot].invite.bytes
    HeaderLines.forEach(in: invite[calls[slot].envelope.headerLines]) { name, line in
      switch name[0].lowercased {
      case UInt8(ascii: "x"):
        guard name.hasPrefixIgnoringCase("x-") else { return }
      case UInt8(ascii: "u"):
        guard name.equalsIgnoringCase("user-to-user") else { return }
      case UInt8(ascii: "p"):
        // RFC 3325, RFC 7315: they mean something among those who trust each other only.
        let isAsserted = mayAssert && name.hasPrefixIgnoringCase("p-")
        guard isAsserted || name.equalsIgnoringCase("privacy") else { return }
      case UInt8(ascii: "a"):
        let isPreference = name.count == 1 || name.equalsIgnoringCase("accept-contact")
        guard isPreference else { return }
      case UInt8(ascii: "s"):
        guard name.count == 1 || name.equalsIgnoringCase("subject") else { return }
      default: return
      }
      lines.write(line)
    }
  }

  // MARK: Progress

  /// 1xx to our INVITE.
  mutating func progressed(
    _ target: Slot,
    _ received: borrowing Received,
    at now: Instant
  ) {
    let status = received.envelope.statusCode
    guard status == 180 || status == 183, let slot = legs[target].call else { return }
    legs[target].hasRung = true
    var answer = Reply(status, tag: calls[slot].localTag)
    answer.body = received.bytes[received.envelope.body]
    answer.bodyType = received.bytes[received.envelope.contentType]
    if !answer.body.isEmpty { calls[slot].hasShownMedia = true }
    writeContact(entry: calls[slot].entry, toward: calls[slot].source)
    reply(to: calls[slot].transaction, answer, at: now)
    refresh.arm(slot.index, at: now)
    calls[slot].told = status
    touch(call: slot, isUrgent: false)
    guard !calls[slot].hasRung else { return }
    calls[slot].hasRung = true
    signals.append(.ringing(calls[slot].conn, attempt: calls[slot].attempt))
  }

  /// A final answer of 300 or more to our INVITE, or none at all.
  mutating func refused(_ target: Slot, _ failure: RouteFailure, at now: Instant) {
    let slot = legs[target].call
    removeLeg(target)
    guard let slot, !triesNextContact(slot, after: failure, at: now) else { return }
    failed(slot, failure, at: now)
  }

  /// The attempt is over; the caller waits on.
  mutating func failed(_ slot: Slot, _ failure: RouteFailure, at now: Instant) {
    calls[slot].phase = .waiting
    calls[slot].target = nil
    touch(call: slot)
    calls[slot].lastFailure = failure
    if calls[slot].isQueued { sayStillWaiting(slot, at: now) }
    signals.append(
      .diversionFailed(calls[slot].conn, attempt: calls[slot].attempt, failure)
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
    legs[target].state = .talking
    legs[target].owesACK = true
    touch(leg: target)
    touch(call: slot)
    if calls[slot].hasOffer { acknowledge(target, body: .empty, type: .empty) }

    let caller = makeCallerLeg(slot)
    calls[slot].caller = caller
    calls[slot].phase = .talking
    refresh.disarm(slot.index)
    let handle = calls[slot].transaction
    table.setOwner(Owner(.leg, caller).raw, of: handle)
    var answer = Reply(200, tag: calls[slot].localTag)
    answer.body = received.bytes[received.envelope.body]
    answer.bodyType = received.bytes[received.envelope.contentType]
    writeContact(entry: calls[slot].entry, toward: calls[slot].source)
    lines.header("Allow", Self.allowed)
    reply(to: handle, answer, at: now)
    probes.arm(target.index, at: now)
    probes.arm(caller.index, at: now)
    counters.answers += 1
    signals.append(.answered(calls[slot].conn, attempt: calls[slot].attempt))
  }

  /// The caller's leg, made of his INVITE and our tag (RFC 3261 12.1.1).
  private mutating func makeCallerLeg(_ slot: Slot) -> Slot {
    let call = calls[slot]
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
      side: .caller,
      state: .talking,
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
    leg.awaitsACK = true
    let made = legs.insert(leg)
    map.set(call.localTag, Owner(.leg, made))
    touch(leg: made)
    return made
  }
}
