// Requests: matched to transactions, then sorted by method.

internal import Engine

extension SIPSwitch {
  /// What we can do, as the value of Allow.
  static var allowed: StaticString {
    """
    INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, UPDATE, PRACK, MESSAGE, NOTIFY, SUBSCRIBE, \
    REFER
    """
  }

  mutating func request(_ received: borrowing Received, from source: Endpoint, at now: Instant) {
    guard !isScanner(received, from: source) else { return }
    switch table.receive(request: received, from: source, at: now, into: &outgoing) {
    case .new(let handle):
      dispatch(received, handle, from: source, at: now)
    case .retransmission:
      counters.retransmissions += 1
    case .absorbed(let handle):
      settled(Owner(table.owner(of: handle) ?? 0))
    case .acknowledgement:
      acknowledged(received, at: now)
    case .refused:
      counters.refused += 1
      lines.header("Retry-After", decimal: UInt64(plan.limits.retryAfter))
      answerStatelessly(503, to: received, from: source)
    }
  }

  private mutating func dispatch(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) {
    let envelope = received.envelope
    if envelope.method == .cancel { return cancelled(received, handle, from: source, at: now) }
    if !envelope.require.isEmpty, refuseExtensions(of: received, handle, from: source) { return }
    if envelope.method == .subscribe {
      return subscribe(received, handle, from: source, at: now)
    }
    guard envelope.to.tag.isEmpty else {
      return inDialog(received, handle, from: source, at: now)
    }
    switch envelope.method {
    case .invite: offer(received, handle, from: source, at: now)
    case .register: register(received, handle, from: source, at: now)
    case .options:
      writeAbilities()
      table.abandon(handle)
      answerStatelessly(isDraining ? 503 : 200, to: received, from: source)
    case .bye, .info, .update, .prack, .notify:
      counters.strays += 1
      turnAway(received, handle, 481, from: source)
    case .ack, .cancel: break
    // Nobody is sent on who does not talk with the referrer.
    case .refer: turnAway(received, handle, 403, from: source)
    case .subscribe, .message, .publish, .other:
      lines.header("Allow", Self.allowed)
      turnAway(received, handle, envelope.method == .other ? 501 : 405, from: source)
    }
  }

  /// Refuses a method in a dialog, and says which ones there are.
  mutating func refuseMethod(_ handle: TransactionHandle, _ status: UInt16, at now: Instant) {
    lines.header("Allow", Self.allowed)
    refuse(handle, status, at: now)
  }

  /// Refuses a request that requires what we do not have (RFC 3261 8.2.2.3).
  private mutating func refuseExtensions(
    of received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint
  ) -> Bool {
    let envelope = received.envelope
    let isRegister = envelope.method == .register
    var known: DialogHeaders.Abilities = []
    switch envelope.method {
    case .invite: known = envelope.to.tag.isEmpty ? [.reliable, .timer, .replaces] : [.timer]
    case .update: known = [.timer]
    default: break
    }
    var isFirst = true
    received.forEachToken(of: "require", or: 0) { token in
      if let option = DialogHeaders.named(token), known.contains(option) { return }
      if envelope.method == .refer, token.equalsIgnoringCase("norefersub") { return }
      if isRegister, token.equalsIgnoringCase("path") || token.equalsIgnoringCase("outbound") {
        return
      }
      lines.write(isFirst ? "Unsupported: " : ", ")
      lines.write(token)
      isFirst = false
    }
    guard !isFirst else { return false }
    lines.write("\r\n")
    turnAway(received, handle, 420, from: source)
    return true
  }

  /// Answers OPTIONS in a dialog.
  private mutating func describe(_ handle: TransactionHandle, at now: Instant) {
    writeAbilities()
    reply(to: handle, 200, tag: nil, at: now)
  }

  /// Writes what an answer to OPTIONS says (RFC 3261 11.2).
  private mutating func writeAbilities() {
    lines.header("Allow", Self.allowed)
    lines.header("Accept", "application/sdp")
    lines.header("Accept-Encoding", "identity")
    lines.header("Accept-Language", "en")
    lines.header("Supported", "100rel, timer, replaces, norefersub, path, outbound")
    lines.header("Allow-Events", "reg")
  }

  /// A CANCEL: of a first INVITE, or of one that is being passed on (RFC 3261 9.2).
  private mutating func cancelled(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) {
    guard let invite = table.invite(cancelledBy: received) else {
      counters.strays += 1
      return turnAway(received, handle, 481, from: source)
    }
    let owner = Owner(table.owner(of: invite) ?? 0)
    switch owner.kind {
    case .call where calls.contains(owner.slot):
      reply(to: handle, 200, tag: calls[owner.slot].localTag, at: now)
      guard calls[owner.slot].phase != .talking else { return }
      // Another phone of the same call was faster: ours must not show a missed call (RFC 3326 2).
      let isTaken = received.hasCause(200)
      abandon(owner.slot, because: isTaken ? .answeredElsewhere : nil, at: now)
    case .leg where transfers.newcomers[owner.slot] != nil:
      reply(to: handle, 200, tag: legs[owner.slot].localTag, at: now)
      newcomerLeft(owner.slot, at: now)
    case .relay where relays.contains(owner.slot):
      reply(to: handle, 200, tag: tokens.next(), at: now)
      if let client = relays[owner.slot].client {
        table.cancel(client, at: now, into: &outgoing)
      }
    case .call, .leg, .relay, .farewell, .probe, .final, .notice, .monitor, .report, .nobody:
      // Answered already: the CANCEL came too late and changes nothing.
      reply(to: handle, 200, tag: tokens.next(), at: now)
    }
  }

  /// The caller gave up before the answer.
  mutating func abandon(_ slot: Slot, because cause: CancelCause? = nil, at now: Instant) {
    reply(to: calls[slot].transaction, 487, tag: calls[slot].localTag, at: now)
    end(slot, by: .caller, because: cause, at: now)
  }

  /// The party that an in-dialog request is for; nil when there is none.
  func party(of received: borrowing Received) -> Owner? {
    let bytes = received.bytes
    let envelope = received.envelope
    guard let tag = SIPToken(bytes[envelope.to.tag]), let owner = map.party(tag) else { return nil }
    switch owner.kind {
    case .call:
      let invite = calls[owner.slot].invite.bytes
      let first = calls[owner.slot].envelope
      let isSame =
        invite[first.callID].equals(bytes[envelope.callID])
        && invite[first.from.tag].equals(bytes[envelope.from.tag])
      return isSame ? owner : nil
    case .leg:
      let text = legs[owner.slot].text.bytes
      let isSame =
        text[legs[owner.slot].callID].equals(bytes[envelope.callID])
        && text[legs[owner.slot].remoteTag].equals(bytes[envelope.from.tag])
      return isSame ? owner : nil
    case .nobody, .farewell, .relay, .probe, .final, .notice, .monitor, .report:
      return nil
    }
  }

  private mutating func inDialog(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) {
    guard let owner = party(of: received) else {
      counters.strays += 1
      return turnAway(received, handle, 481, from: source)
    }
    if owner.kind == .call {
      return early(received, handle, owner.slot, at: now)
    }
    let slot = owner.slot
    let envelope = received.envelope
    let isUnanswered = legs[slot].state == .calling
    guard legs[slot].state != .abandoned, !isUnanswered || envelope.method != .bye,
      !isUnanswered || isOpen(slot)
    else {
      // A target that has not answered has no dialog yet, and may not send BYE (RFC 3261 15).
      counters.strays += 1
      return refuse(handle, 481, at: now)
    }
    guard Int64(envelope.sequence) > legs[slot].remoteSequence else {
      // RFC 3261 12.2.2: out of order.
      return refuse(handle, 500, at: now)
    }
    switch envelope.method {
    case .bye:
      legs[slot].remoteSequence = Int64(envelope.sequence)
      if legs[slot].state == .early { return hungUpEarly(slot, handle, at: now) }
      hungUp(slot, received, handle, at: now)
    case .invite, .info, .update, .message, .prack, .notify:
      relay(received, handle, from: slot, at: now)
    case .options:
      legs[slot].remoteSequence = Int64(envelope.sequence)
      describe(handle, at: now)
    case .refer: refer(received, handle, from: slot, at: now)
    case .ack, .cancel: break
    case .register, .subscribe, .publish: refuseMethod(handle, 405, at: now)
    case .other: refuseMethod(handle, 501, at: now)
    }
  }

  /// BYE of a caller who was not answered: allowed to him instead of CANCEL (RFC 3261 15).
  private mutating func hungUpEarly(
    _ slot: Slot,
    _ handle: TransactionHandle,
    at now: Instant
  ) {
    reply(to: handle, 200, tag: nil, at: now)
    guard let call = legs[slot].call else { return }
    abandon(call, at: now)
  }

  /// A request in the dialog that our 18x opened, before the answer.
  private mutating func early(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    _ slot: Slot,
    at now: Instant
  ) {
    switch received.envelope.method {
    case .bye:
      // Allowed to a caller instead of CANCEL (RFC 3261 15).
      reply(to: handle, 200, tag: nil, at: now)
      abandon(slot, at: now)
    case .invite:
      // RFC 3261 14.2: the first has had no final answer yet.
      lines.header("Retry-After", decimal: tokens.next().value % 11)
      refuse(handle, 500, at: now)
    case .options:
      describe(handle, at: now)
    case .prack:
      counters.strays += 1
      refuse(handle, 481, at: now)
    case .info, .update:
      refuse(handle, 488, at: now)
    case .refer: refuse(handle, 403, at: now)
    case .ack, .cancel: break
    case .register, .notify, .subscribe, .message, .publish:
      refuseMethod(handle, 405, at: now)
    case .other: refuseMethod(handle, 501, at: now)
    }
  }
}
