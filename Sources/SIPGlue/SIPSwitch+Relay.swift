// Requests inside an answered call that go from one side to the other: re-INVITE, UPDATE, INFO,
// MESSAGE.
//
// The request is sent on the other leg with that leg's own names and numbers, its body unchanged;
// the final answer comes back as it is. Only one INVITE is on its way in a call at a time: the one
// that comes second gets 491 (RFC 3261 14.2). As with the first INVITE, a success without an offer
// in the request is acknowledged with the body of the ACK that answers it.

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
    guard let call = legs[slot].call, let other = partner(of: slot),
      legs[slot].state == .talking, legs[other].state == .talking
    else { return refuse(handle, 481, at: now) }
    let isInvite = envelope.method == .invite
    if isInvite {
      let isBusy =
        calls[call].renegotiation != nil || legs[slot].awaitsACK || legs[slot].owesACK
        || legs[other].awaitsACK || legs[other].owesACK
      guard !isBusy else { return refuse(handle, 491, at: now) }
      reply(to: handle, 100, tag: nil, at: now)
    }
    legs[slot].remoteSequence = Int64(envelope.sequence)
    if isInvite || envelope.method == .update {
      retarget(slot, to: bytes[envelope.contact])
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
    let made = relays.insert(entry)
    var request = LegRequest(envelope.method, owner: Owner(.relay, made))
    request.body = bytes[envelope.body]
    request.bodyType = bytes[envelope.contentType]
    let forwards = (envelope.maxForwards < 0 ? 70 : envelope.maxForwards) - 1
    request.maxForwards = UInt8(clamping: forwards)
    if let package = envelope.header("info-package", in: bytes) {
      lines.header("Info-Package", package)
    }
    guard let client = send(request, on: other, at: now) else {
      relays.remove(made)
      return refuse(handle, 503, at: now)
    }
    entry.client = client
    relays[made] = entry
    touch(leg: slot, isUrgent: false)
    touch(relay: made)
    if isInvite {
      calls[call].renegotiation = made
      table.setOwner(Owner(.relay, made).raw, of: handle)
    }
  }

  /// The other side's final answer.
  mutating func relayed(_ slot: Slot, _ received: borrowing Received, at now: Instant) {
    let relay = relays[slot]
    let status = received.envelope.statusCode
    let bytes = received.bytes
    forget(relay: slot)
    let call = legs.contains(relay.to) ? legs[relay.to].call : nil
    if let call, calls[call].renegotiation == slot { calls[call].renegotiation = nil }
    if relay.method == .invite, status < 300 {
      guard call != nil else { return dismissAnswer(of: relay, received, at: now) }
      adoptAnswer(of: relay, received)
    }
    var answer = Reply(status, tag: nil)
    answer.body = bytes[received.envelope.body]
    answer.bodyType = bytes[received.envelope.contentType]
    if status < 300, legs.contains(relay.from), relay.method != .info {
      writeContact(entry: legs[relay.from].entry, toward: legs[relay.from].hop)
    }
    if status == 401 || status == 407 { answer = Reply(488, tag: nil) }
    reply(to: relay.server, answer, at: now)
    // The other side does not know the dialog any more (RFC 3261 12.2.1.2).
    if status == 481 || status == 408, let call { end(call, by: .line, at: now) }
  }

  /// A re-INVITE succeeded: its ACK is sent, or waits for the one that brings the answer.
  private mutating func adoptAnswer(of relay: Relay, _ received: borrowing Received) {
    retarget(relay.to, to: received.bytes[received.envelope.contact])
    legs[relay.to].clientInvite = relay.client
    legs[relay.to].clientSequence = relay.clientSequence
    legs[relay.to].owesACK = true
    touch(leg: relay.to)
    if relay.hasBody { acknowledge(relay.to, body: .empty, type: .empty) }
    legs[relay.from].serverInvite = relay.server
    legs[relay.from].serverSequence = relay.serverSequence
    legs[relay.from].awaitsACK = true
    touch(leg: relay.from)
    table.setOwner(Owner(.leg, relay.from).raw, of: relay.server)
  }

  /// A re-INVITE succeeded after the call had ended: only acknowledged, the BYE is out already.
  private mutating func dismissAnswer(
    of relay: Relay,
    _ received: borrowing Received,
    at now: Instant
  ) {
    guard legs.contains(relay.to) else { return }
    legs[relay.to].clientInvite = relay.client
    legs[relay.to].clientSequence = relay.clientSequence
    acknowledge(relay.to, body: .empty, type: .empty)
  }

  /// The call ends while a re-INVITE is under way.
  mutating func abortRelay(_ slot: Slot, at now: Instant) {
    guard relays.contains(slot) else { return }
    touch(relay: slot)
    reply(to: relays[slot].server, 487, tag: nil, at: now)
    if let client = relays[slot].client { table.cancel(client, at: now, into: &outgoing) }
  }

  /// The other side does not answer: its dialog is over (RFC 3261 12.2.1.2).
  mutating func relayTimedOut(_ slot: Slot, at now: Instant) {
    let relay = relays[slot]
    forget(relay: slot)
    reply(to: relay.server, 408, tag: nil, at: now)
    guard legs.contains(relay.to), let call = legs[relay.to].call else { return }
    if calls[call].renegotiation == slot { calls[call].renegotiation = nil }
    end(call, by: .line, at: now)
  }
}
