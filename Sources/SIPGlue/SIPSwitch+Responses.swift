// Responses, and what becomes of requests of ours that nobody answers.

internal import Engine

extension SIPSwitch {
  mutating func response(_ received: borrowing Received, at now: Instant) {
    switch table.receive(response: received, at: now, into: &outgoing) {
    case .stray: if !acknowledgeAgain(received) { counters.unmatched += 1 }
    case .absorbed: counters.retransmissions += 1
    case .provisional(let handle):
      let owner = Owner(table.owner(of: handle) ?? 0)
      guard owner.kind == .leg, legs.contains(owner.slot) else { return }
      silences.disarm(owner.slot.index)
      if !legs[owner.slot].isProceeding {
        // From now on it can be cancelled.
        legs[owner.slot].isProceeding = true
        touch(leg: owner.slot, isUrgent: false)
      }
      if legs[owner.slot].state == .calling { progressed(owner.slot, received, at: now) }
    case .final(let handle):
      concluded(Owner(table.owner(of: handle) ?? 0), received, at: now)
    case .otherSuccess:
      dismiss(received, because: .answeredElsewhere, at: now)
    case .successAgain:
      counters.retransmissions += 1
      acknowledgeLoosely(received)
    }
  }

  /// A final response to a request of ours.
  private mutating func concluded(
    _ owner: Owner,
    _ received: borrowing Received,
    at now: Instant
  ) {
    let status = received.envelope.statusCode
    switch owner.kind {
    case .leg:
      guard legs.contains(owner.slot) else { return dismissIfAnswered(received, at: now) }
      if status < 300 {
        answered(owner.slot, received, at: now)
      } else if status < 400, follows(owner.slot, received, at: now) {
        return
      } else if status == 422, asksForMore(owner.slot, received, at: now) {
        return
      } else if offersDescription(to: owner.slot, after: status, at: now) {
        return
      } else {
        let hasRung = legs[owner.slot].hasRung
        let failure = FailureTable.failure(of: status, hasRung: hasRung)
        refused(owner.slot, failure, status: status, at: now)
      }
    case .farewell:
      if legs.contains(owner.slot) { conclude(owner.slot) }
    case .relay:
      guard relays.contains(owner.slot) else { return }
      relayed(owner.slot, received, at: now)
    case .probe:
      guard legs.contains(owner.slot), let call = legs[owner.slot].call else { return }
      if status == 481 || status == 408 {
        end(call, by: .line, at: now)
      } else {
        probes.arm(owner.slot.index, at: now)
      }
    case .notice: noticed(owner.slot, status, at: now)
    case .monitor: monitored(owner.slot.index, status, at: now)
    case .report: reported(owner.slot, at: now)
    case .call, .final, .nobody: break
    }
  }

  private mutating func dismissIfAnswered(_ received: borrowing Received, at now: Instant) {
    guard received.envelope.statusCode < 300, received.envelope.sequenceMethod == .invite else {
      return
    }
    dismiss(received, because: .takenBack, at: now)
  }

  /// A success that nobody wants: acknowledged, then ended by BYE (RFC 3261 13.2.2.4).
  private mutating func dismiss(
    _ received: borrowing Received,
    because cause: CancelCause,
    at now: Instant
  ) {
    guard let slot = looseLeg(received) else { return }
    counters.lateAnswers += 1
    legs[slot].clientSequence = received.envelope.sequence
    legs[slot].cause = cause
    sendLooseACK(slot)
    sayGoodbye(slot, at: now)
  }

  /// Takes a reliable provisional answer of a phone that the caller does not know of, or of one to
  /// whom he could not send PRACK; what it offered cannot be answered (RFC 3262 5).
  mutating func acknowledgeProvisional(
    _ number: UInt32,
    _ received: borrowing Received,
    of target: Slot,
    at now: Instant
  ) {
    guard let call = legs[target].call else { return }
    let hasBody = !received.envelope.body.isEmpty
    guard calls[call].hasOffer || !hasBody, let slot = looseLeg(received) else { return }
    // All dialogs of one INVITE count on from its number.
    legs[slot].localSequence = legs[target].localSequence
    legs[target].localSequence += 1
    lines.write("RAck: ")
    lines.write(decimal: UInt64(number))
    lines.write(byte: 0x20)
    lines.write(decimal: UInt64(received.envelope.sequence))
    lines.write(" INVITE\r\n")
    let request = LegRequest(.prack, owner: Owner(.farewell, slot))
    if send(request, on: slot, at: now) == nil { removeLeg(slot) }
  }

  /// A leg for one last request, without a name.
  ///
  /// Everything is taken from the response itself: the leg that sent the INVITE may be gone, or
  /// belong to the phone that was first.
  mutating func looseLeg(_ received: borrowing Received) -> Slot? {
    let bytes = received.bytes
    let envelope = received.envelope
    guard let tag = SIPToken(bytes[envelope.from.tag]) else { return nil }
    let contact = bytes[envelope.contact]
    guard let address = NameAddress(contact) else { return nil }
    var draft = LegText()
    scratch.removeAll()
    draft.callID = scratch.append(bytes[envelope.callID])
    draft.local = scratch.append(bytes[envelope.from.value])
    draft.remote = scratch.append(bytes[envelope.to.value])
    draft.remoteTag = scratch.append(bytes[envelope.to.tag])
    draft.target = scratch.append(contact[address.uri])
    let start = scratch.count
    RouteValues.write(bytes[envelope.recordRouteLines], reversed: true, to: &scratch)
    draft.routes = scratch.slice(from: start)
    let text = texts.make(scratch.bytes)
    // A name cannot be looked up; where the answer came from, somebody waits for the ACK.
    let hop = hop(text.bytes, draft, isDirect: false) ?? heardFrom
    var leg = Leg(
      side: .target,
      state: .ending,
      call: nil,
      text: text,
      localTag: tag,
      hop: hop,
      localSequence: envelope.sequence,
      remoteSequence: -1,
      entry: 0
    )
    leg.take(draft)
    leg.isNamed = false
    return legs.insert(leg)
  }

  /// Acknowledges a success once more whose dialog is over.
  private mutating func acknowledgeLoosely(_ received: borrowing Received) {
    guard let slot = looseLeg(received) else { return }
    legs[slot].clientSequence = received.envelope.sequence
    sendLooseACK(slot)
    removeLeg(slot)
  }

  /// An ACK that no transaction repeats: when the success comes again, so does all of this.
  private mutating func sendLooseACK(_ slot: Slot) {
    writeACK(slot)
    outgoing.append(scratch.bytes, to: legs[slot].hop)
  }

  // MARK: Time

  mutating func expired(_ event: TransactionEvent, at now: Instant) {
    switch event {
    case .timedOut(_, let raw), .connectionLost(_, let raw):
      timedOut(Owner(raw), at: now)
    case .failureUnacknowledged(_, let raw):
      settled(Owner(raw))
    case .successUnacknowledged(_, let raw):
      let owner = Owner(raw)
      guard owner.kind == .leg, legs.contains(owner.slot) else { return }
      legs[owner.slot].awaitsACK = false
      touch(leg: owner.slot, isUrgent: false)
      if let call = legs[owner.slot].call {
        end(call, by: .line, at: now)
      } else if legs[owner.slot].state == .parting {
        sayGoodbye(owner.slot, at: now)
      }
    }
  }

  private mutating func timedOut(_ owner: Owner, at now: Instant) {
    switch owner.kind {
    case .leg:
      guard legs.contains(owner.slot) else { return }
      refused(owner.slot, .unreachable, at: now)
    case .farewell:
      if legs.contains(owner.slot) { removeLeg(owner.slot) }
    case .relay:
      if relays.contains(owner.slot) { relayTimedOut(owner.slot, at: now) }
    case .probe:
      guard legs.contains(owner.slot), let call = legs[owner.slot].call else { return }
      end(call, by: .line, at: now)
    case .notice: noticed(owner.slot, 408, at: now)
    case .monitor: monitored(owner.slot.index, 408, at: now)
    case .report: reported(owner.slot, at: now)
    case .call, .final, .nobody: break
    }
  }

  /// Tells a waiting caller that he is not forgotten; again after `provisionalInterval`.
  mutating func sayStillWaiting(_ slot: Slot, at now: Instant) {
    let call = calls[slot]
    guard call.phase != .talking, !call.isAnswered else { return }
    // Not 100: proxies would not pass it on, and give up after three minutes (RFC 3261 13.3.1.1).
    let isRinging = call.phase == .diverting && call.hasRung
    let status: UInt16 = isRinging ? 180 : call.isQueued ? 182 : 183
    guard !call.needsReliable else { return }
    writeContact(entry: call.entry, toward: call.source)
    reply(to: call.transaction, status, tag: call.localTag, at: now)
    refresh.arm(slot.index, at: now)
    calls[slot].told = status
    touch(call: slot, isUrgent: false)
  }

  /// Asks a talking leg whether it is still there: a lost BYE must not keep an agent (PEERS B10).
  mutating func probe(_ slot: Slot, at now: Instant) {
    guard legs[slot].state == .talking, legs[slot].call != nil else { return }
    let handle = send(LegRequest(.options, owner: Owner(.probe, slot)), on: slot, at: now)
    if handle == nil { probes.arm(slot.index, at: now) }
  }
}
