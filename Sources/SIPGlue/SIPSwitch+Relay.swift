// Requests inside a dialog that go from one side of a call to the other: re-INVITE, UPDATE, PRACK,
// INFO, MESSAGE, NOTIFY.
//
// The request is sent on the other leg with that leg's own names and numbers, its body unchanged;
// the final answer comes back as it is. Only one offer is on its way in a call at a time: one that
// the other side sends meanwhile gets 491, one of the same side 500 (RFC 3261 14.2, RFC 3311 5.2).
// As with the first INVITE, a success without an offer in the request is acknowledged with the body
// of the ACK that answers it. Before the answer, requests pass once a reliable 18x has opened a
// dialog on both sides (RFC 3262); INVITE does not.

internal import Engine

extension SIPSwitch {
  /// Passes a request on to the other leg of the call.
  mutating func relay(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from slot: Slot,
    at now: Instant
  ) {
    let envelope = received.envelope
    let bytes = received.bytes
    guard envelope.maxForwards != 0 else { return refuse(handle, 483, at: now) }
    guard let call = legs[slot].call, isOpen(slot) else { return refuse(handle, 481, at: now) }
    guard let other = partner(of: slot), isOpen(other) else {
      return calls[call].isAnswered || transfers.concern(call)
        ? withoutPartner(received, handle, on: slot, at: now) : refuse(handle, 481, at: now)
    }
    let isInvite = envelope.method == .invite
    let offers = isInvite || envelope.method == .update && !envelope.body.isEmpty
    if offers, let status = glare(from: slot, other, isInvite: isInvite) {
      if status == 500 { lines.header("Retry-After", decimal: tokens.next().value % 11) }
      return refuse(handle, status, at: now)
    }
    let isSession = isInvite || envelope.method == .update
    var headers = isSession ? DialogHeaders(received) : DialogHeaders()
    if envelope.method == .update { headers.abilities.insert(.update) }
    guard !isTooBrief(headers) else { return refuse(handle, 422, at: now) }
    if envelope.method == .prack, !writeAcknowledged(by: received, from: slot, to: other) {
      return refuse(handle, 481, at: now)
    }
    promise(handle, received, at: now)
    legs[slot].remoteSequence = Int64(envelope.sequence)
    if isSession { retarget(slot, to: bytes[envelope.contact]) }
    if envelope.method == .update, envelope.body.isEmpty {
      // A refresh, or a new Contact: nothing that concerns the other side (RFC 4028 7.4).
      touch(leg: slot, isUrgent: false)
      return confirmUpdate(handle, headers, on: slot, at: now)
    }
    var entry = Relay(
      from: slot,
      to: other,
      server: handle,
      serverSequence: envelope.sequence,
      client: nil,
      clientSequence: legs[other].localSequence + 1,
      method: envelope.method,
      hasBody: !envelope.body.isEmpty
    )
    entry.headers = headers
    if offers { entry.offer = SessionOffer(bytes[envelope.body]) }
    let made = relays.insert(entry)
    var request = LegRequest(envelope.method, owner: Owner(.relay, made))
    request.body = bytes[envelope.body]
    request.bodyType = bytes[envelope.contentType]
    let forwards = (envelope.maxForwards < 0 ? 70 : envelope.maxForwards) - 1
    request.maxForwards = UInt8(clamping: forwards)
    writePassedHeaders(of: received)
    if isSession { writeSession(of: other) }
    guard let client = send(request, on: other, at: now) else {
      relays.remove(made)
      return refuse(handle, 503, at: now)
    }
    entry.client = client
    if offers, legs[other].session.repeatsDescription, !request.body.isEmpty {
      entry.description = texts.make(request.body)
    }
    relays[made] = entry
    touch(leg: slot, isUrgent: false)
    touch(relay: made)
    if offers { calls[call].renegotiation = made }
    if isInvite { table.setOwner(Owner(.relay, made).raw, of: handle) }
  }

  /// Says 100 to an INVITE, and to anything else as soon as that is allowed.
  private mutating func promise(
    _ handle: TransactionHandle,
    _ received: borrowing Received,
    at now: Instant
  ) {
    guard received.envelope.method == .invite else {
      return table.sayTryingLater(handle, at: now)
    }
    lines.write(received.line(of: "timestamp"))
    reply(to: handle, 100, tag: nil, at: now)
  }

  /// A request of somebody who is between two partners.
  private mutating func withoutPartner(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    on slot: Slot,
    at now: Instant
  ) {
    let envelope = received.envelope
    guard envelope.method == .update, envelope.body.isEmpty else {
      return refuse(handle, 491, at: now)
    }
    var headers = DialogHeaders(received)
    headers.abilities.insert(.update)
    legs[slot].remoteSequence = Int64(envelope.sequence)
    retarget(slot, to: received.bytes[envelope.contact])
    confirmUpdate(handle, headers, on: slot, at: now)
  }

  /// Whether requests can be sent on a leg: its dialog is confirmed, or early.
  func isOpen(_ slot: Slot) -> Bool {
    switch legs[slot].state {
    case .talking, .early: true
    case .calling: !legs[slot].remoteTag.isEmpty
    case .abandoned, .parting, .ending: false
    }
  }

  /// Why an offer must wait, if it must.
  private func glare(from slot: Slot, _ other: Slot, isInvite: Bool) -> UInt16? {
    guard let call = legs[slot].call else { return 481 }
    if let pending = calls[call].renegotiation, relays.contains(pending) {
      return relays[pending].from == slot && relays[pending].server != nil ? 500 : 491
    }
    let leftToACK = legs[slot].owesACK || legs[other].owesACK
    guard isInvite else { return leftToACK ? 491 : nil }
    // Its INVITE has not had its final answer.
    guard legs[slot].state == .talking, legs[other].state == .talking else { return 500 }
    return leftToACK || legs[slot].awaitsACK || legs[other].awaitsACK ? 491 : nil
  }

  /// Writes RAck in the numbers of the other leg; false when it is about no answer of this call.
  private mutating func writeAcknowledged(
    by received: borrowing Received,
    from slot: Slot,
    to other: Slot
  ) -> Bool {
    guard legs[slot].side == .caller, let call = legs[slot].call,
      let value = received.envelope.header("rack", in: received.bytes)
    else { return false }
    let blank = value.position(of: 0x20, from: 0, to: value.count)
    let rest = value.view(from: blank, to: value.count).trimmed
    let second = rest.position(of: 0x20, from: 0, to: rest.count)
    guard let number = value.view(from: 0, to: blank).decimal(atMost: 0x7FFF_FFFF),
      rest.view(from: 0, to: second).decimal(atMost: 0x7FFF_FFFF)
        == UInt64(calls[call].envelope.sequence),
      rest.view(from: second, to: rest.count).trimmed.equals("INVITE")
    else { return false }
    lines.write("RAck: ")
    lines.write(decimal: number)
    lines.write(byte: 0x20)
    lines.write(decimal: UInt64(legs[other].clientSequence))
    lines.write(" INVITE\r\n")
    return true
  }

  /// Answers an UPDATE that offers nothing.
  private mutating func confirmUpdate(
    _ handle: TransactionHandle,
    _ headers: DialogHeaders,
    on slot: Slot,
    at now: Instant
  ) {
    writeContact(entry: legs[slot].entry, toward: legs[slot].hop)
    grantSession(headers, on: slot, at: now)
    reply(to: handle, 200, tag: nil, at: now)
  }

  // MARK: Answers

  /// The other side's final answer.
  mutating func relayed(_ slot: Slot, _ received: borrowing Received, at now: Instant) {
    let relay = relays[slot]
    relays[slot].description = nil
    forget(relay: slot)
    defer { if let description = relay.description { texts.free(description) } }
    let status = received.envelope.statusCode
    let bytes = received.bytes
    let call = legs.contains(relay.to) ? legs[relay.to].call : nil
    if let call, calls[call].renegotiation == slot { calls[call].renegotiation = nil }
    if relay.method == .invite, status < 300 {
      guard call != nil else { return dismissAnswer(of: relay, received, at: now) }
      adoptAnswer(of: relay, received)
    }
    if let joining = relay.joins { return joined(relay, of: joining, received, at: now) }
    guard let server = relay.server else {
      return refreshed(relay, received, at: now)
    }
    let body = bytes[received.envelope.body]
    if status < 300, let call { settle(relay, received, in: call, at: now) }
    var answer = Reply(status, tag: nil)
    answer.body = body
    answer.bodyType = bytes[received.envelope.contentType]
    if status < 300, call != nil, isAwaited(relay),
      relay.method == .invite || relay.method == .update
    {
      writeContact(entry: legs[relay.from].entry, toward: legs[relay.from].hop)
      grantSession(relay.headers, on: relay.from, at: now)
      keepDescription(body, on: relay.from)
    }
    if status == 422 {
      // Our own interval is too short for that side; the one that asked has nothing to do with it.
      let least = DialogHeaders(received).leastInterval
      if legs.contains(relay.to) { legs[relay.to].session.raise(to: least) }
      lines.header("Retry-After", decimal: 1)
      answer = Reply(500, tag: nil)
    } else if status == 401 || status == 407 {
      answer = Reply(488, tag: nil)
    } else if status == 408, relay.method != .invite {
      // Nobody may answer so (RFC 4320 4.2), and the dialog on the other side is over.
      answer = Reply(481, tag: nil)
    } else if status >= 300 {
      writeAdvice(of: received)
    }
    reply(to: server, answer, at: now)
    // The other side does not know the dialog any more (RFC 3261 12.2.1.2).
    let isGone = status == 481 || status == 408
    if isGone, relay.method != .prack, let call, legs[relay.to].state == .talking {
      end(call, by: .line, at: now)
    }
  }

  /// What a success changes on both legs: timers, descriptions that are kept, and who is on hold.
  private mutating func settle(
    _ relay: Relay,
    _ received: borrowing Received,
    in call: Slot,
    at now: Instant
  ) {
    guard relay.method == .invite || relay.method == .update else { return }
    let body = received.bytes[received.envelope.body]
    // The answer to a re-INVITE has been looked at with its ACK.
    if relay.method == .update {
      retarget(relay.to, to: received.bytes[received.envelope.contact])
    }
    adoptSession(DialogHeaders(received), on: relay.to, at: now)
    if let description = relay.description { keepDescription(description.bytes, on: relay.to) }
    guard isAwaited(relay) else { return }
    if relay.hasBody {
      note(relay.offer, by: relay.from, in: call)
    } else {
      note(SessionOffer(body), by: relay.to, in: call)
    }
  }

  /// Tells the engine when a side's offer has put the other on hold, or taken it up again.
  private mutating func note(_ offer: SessionOffer, by slot: Slot, in call: Slot) {
    guard calls[call].phase == .talking, !calls[call].isUnseen, offer != .none,
      legs[slot].isHolding != (offer == .holds)
    else { return }
    legs[slot].isHolding.toggle()
    touch(leg: slot, isUrgent: false)
    let side: CallSide = legs[slot].side == .caller ? .caller : .target
    let conn = calls[call].conn
    signals.append(offer == .holds ? .held(conn, by: side) : .retrieved(conn, by: side))
  }

  /// Writes what a refusal says about trying again.
  private mutating func writeAdvice(of received: borrowing Received) {
    HeaderLines.forEach(in: received.bytes[received.envelope.headerLines]) { name, line in
      guard
        name.equalsIgnoringCase("retry-after") || name.equalsIgnoringCase("warning")
          || name.equalsIgnoringCase("accept") || name.equalsIgnoringCase("accept-encoding")
          || name.equalsIgnoringCase("unsupported") || name.equalsIgnoringCase("allow-events")
      else { return }
      lines.write(line)
    }
  }

  /// A re-INVITE succeeded: its ACK is sent, or waits for the one that brings the answer.
  private mutating func adoptAnswer(of relay: Relay, _ received: borrowing Received) {
    retarget(relay.to, to: received.bytes[received.envelope.contact])
    legs[relay.to].clientInvite = relay.client
    legs[relay.to].clientSequence = relay.clientSequence
    legs[relay.to].owesACK = true
    touch(leg: relay.to)
    guard let server = relay.server else {
      if relay.hasBody { acknowledge(relay.to, body: .empty, type: .empty) }
      return
    }
    let isAwaited = isAwaited(relay)
    if relay.hasBody || !isAwaited { acknowledge(relay.to, body: .empty, type: .empty) }
    guard isAwaited else { return }
    legs[relay.from].serverInvite = server
    legs[relay.from].serverSequence = relay.serverSequence
    legs[relay.from].awaitsACK = true
    touch(leg: relay.from)
    table.setOwner(Owner(.leg, relay.from).raw, of: server)
  }

  /// Whether the side that asked is still in the call: it may have hung up, or have been let go,
  /// while the other side is being sent on.
  private func isAwaited(_ relay: Relay) -> Bool {
    legs.contains(relay.from) && legs[relay.from].call == legs[relay.to].call
  }

  /// A re-INVITE succeeded after the call had ended: only acknowledged, the BYE is out already.
  private mutating func dismissAnswer(
    of relay: Relay,
    _ received: borrowing Received,
    at now: Instant
  ) {
    // Its BYE may have overtaken its answer: then the leg is gone already.
    let isThere = legs.contains(relay.to)
    guard let slot = isThere ? relay.to : looseLeg(received) else { return }
    legs[slot].clientInvite = relay.client
    legs[slot].clientSequence = relay.clientSequence
    acknowledge(slot, body: .empty, type: .empty)
    if !isThere { removeLeg(slot) }
  }

  /// The call, or the attempt, ends while an offer is under way.
  mutating func abortRenegotiation(of call: Slot, at now: Instant) {
    guard let slot = calls[call].renegotiation else { return }
    calls[call].renegotiation = nil
    guard relays.contains(slot) else { return }
    touch(relay: slot)
    if let server = relays[slot].server { reply(to: server, 487, tag: nil, at: now) }
    if let client = relays[slot].client { table.cancel(client, at: now, into: &outgoing) }
  }

  /// The other side does not answer: its dialog is over (RFC 3261 12.2.1.2).
  mutating func relayTimedOut(_ slot: Slot, at now: Instant) {
    let relay = relays[slot]
    forget(relay: slot)
    if let server = relay.server {
      if relay.method == .invite {
        reply(to: server, 408, tag: nil, at: now)
      } else {
        // He has given up at the same moment; 408 would come too late (RFC 4320 4.2).
        table.abandon(server)
      }
    }
    guard legs.contains(relay.to), let call = legs[relay.to].call else { return }
    if calls[call].renegotiation == slot { calls[call].renegotiation = nil }
    guard legs[relay.to].state == .talking else { return }
    end(call, by: .line, at: now)
  }
}
