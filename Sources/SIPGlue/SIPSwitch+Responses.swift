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
      dismiss(received, at: now)
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
      } else {
        let hasRung = legs[owner.slot].hasRung
        refused(owner.slot, FailureTable.failure(of: status, hasRung: hasRung), at: now)
      }
    case .farewell:
      if legs.contains(owner.slot) { removeLeg(owner.slot) }
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
    case .call, .final, .nobody: break
    }
  }

  private mutating func dismissIfAnswered(_ received: borrowing Received, at now: Instant) {
    guard received.envelope.statusCode < 300, received.envelope.sequenceMethod == .invite else {
      return
    }
    dismiss(received, at: now)
  }

  /// A success that nobody wants: acknowledged, then ended by BYE (RFC 3261 13.2.2.4).
  ///
  /// Everything is taken from the response itself: the leg that sent the INVITE may be gone, or
  /// belong to the phone that was first.
  private mutating func dismiss(_ received: borrowing Received, at now: Instant) {
    let bytes = received.bytes
    let envelope = received.envelope
    guard let tag = SIPToken(bytes[envelope.from.tag]) else { return }
    let contact = bytes[envelope.contact]
    guard let address = NameAddress(contact) else { return }
    counters.lateAnswers += 1
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
    guard let hop = hop(text.bytes, draft, isDirect: false) else { return texts.free(text) }
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
    leg.clientSequence = envelope.sequence
    let slot = legs.insert(leg)
    sendLooseACK(slot)
    sayGoodbye(slot, at: now)
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
    case .call, .final, .nobody: break
    }
  }

  /// Tells a waiting caller that he is not forgotten; again after `provisionalInterval`.
  mutating func sayStillWaiting(_ slot: Slot, at now: Instant) {
    let call = calls[slot]
    guard call.phase != .talking else { return }
    // Not 100: proxies would not pass it on, and give up after three minutes (RFC 3261 13.3.1.1).
    let isRinging = call.phase == .diverting && call.hasRung
    let status: UInt16 = isRinging ? 180 : call.isQueued ? 182 : 183
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
