// A transfer made, failed, or left by one of its parties.

public import Engine

extension SIPSwitch {
  /// The engine has made the transfer: the consult call is the held call from now on.
  mutating func transfer(_ consult: ConnID, into held: ConnID, at now: Instant) {
    guard let slot = map.call(consult), let old = map.call(held), slot != old else { return }
    let transfer = transfers[old] ?? Transfer(consult: slot)
    if calls[old].phase == .diverting, let newcomer = transfer.newcomer {
      return pickedUp(old, by: newcomer, of: slot, at: now)
    }
    guard let party = transfer.staying(in: calls[old]) else { return }
    _ = transfers.remove(old)
    let isTold = notify(transfer, 200, at: now)
    for leaver in [transfer.leaving(calls[old]), calls[slot].caller] {
      guard let leaver else { continue }
      if leaver == transfer.referrer {
        letGo(leaver, isTold: isTold, at: now)
      } else {
        hangUp(leaver, because: .unsaid, at: now)
      }
    }
    leaveUnanswered(slot, at: now)
    let hadCaller = calls[slot].phase == .talking && calls[slot].caller != nil
    takeIdentity(slot, of: old, party, at: now)
    guard hadCaller, let target = calls[slot].target else { return }
    join(target, of: slot, offering: nil, at: now)
  }

  /// The referrer waits for nothing any more: BYE follows as soon as he has our last NOTIFY.
  private mutating func letGo(_ slot: Slot, isTold: Bool, at now: Instant) {
    legs[slot].call = nil
    touch(leg: slot)
    probes.disarm(slot.index)
    sessions.disarm(Int(slot.index))
    if legs[slot].owesACK { acknowledge(slot, body: .empty, type: .empty) }
    legs[slot].state = .parting
    if !isTold, !legs[slot].awaitsACK { sayGoodbye(slot, at: now) }
  }

  /// The consult call's caller has not been answered, and will not be.
  private mutating func leaveUnanswered(_ slot: Slot, at now: Instant) {
    guard calls[slot].phase != .talking, !calls[slot].isAnswered else { return }
    if calls[slot].caller == nil { map.remove(calls[slot].localTag) }
    refresh.disarm(slot.index)
    table.setOwner(Owner.nobody.raw, of: calls[slot].transaction)
    reply(to: calls[slot].transaction, 487, tag: calls[slot].localTag, at: now)
    keepFinal(of: calls[slot])
  }

  /// The consult call takes over the held call's name, and the party that stays as its caller, with
  /// his INVITE; the held call is gone.
  private mutating func takeIdentity(
    _ slot: Slot,
    of old: Slot,
    _ party: Slot,
    at now: Instant
  ) {
    leaveJoin(of: old, at: now)
    if let relay = calls[old].renegotiation, relays.contains(relay), relays[relay].joins == slot {
      calls[old].renegotiation = nil
      abortRenegotiation(of: slot, at: now)
      calls[slot].renegotiation = relay
    } else {
      abortRenegotiation(of: old, at: now)
      abortRenegotiation(of: slot, at: now)
    }
    let held = calls[old]
    map.remove(calls[slot].conn)
    map.removeFirst(calls[slot].mergeKey)
    map.set(held.conn, slot)
    map.setFirst(held.mergeKey, slot)
    capture.close(calls[slot].conn, at: now)
    texts.free(calls[slot].invite)
    keeper.forget(calls[slot].kept, isUrgent: true)
    refresh.disarm(old.index)
    calls[slot].take(held)
    if legs[party].side == .target { becomeCaller(party, of: slot, in: held) }
    calls[slot].caller = party
    calls[slot].localTag = legs[party].localTag
    legs[party].call = slot
    calls.remove(old)
    touch(call: slot)
    touch(leg: party)
    guard let target = calls[slot].target else { return }
    touch(leg: target)
    joinCapture(target)
  }

  /// The referrer hangs up before the transfer is made: the other one is sent on all the same
  /// (RFC 5589 6.1).
  ///
  /// - Returns: Whether his leg was one of a transfer, and his call goes on without him.
  mutating func leavesBehind(_ slot: Slot, in call: Slot, at now: Instant) -> Bool {
    guard let transfer = transfers[call], transfer.leaving(calls[call]) == slot else {
      return false
    }
    if let relay = calls[call].renegotiation, relays.contains(relay), relays[relay].joins == nil {
      abortRenegotiation(of: call, at: now)
    }
    switch transfer.side {
    case .target: calls[call].target = nil
    case .caller: calls[call].caller = nil
    }
    touch(call: call)
    transfers.update(call) { $0.referrer = nil }
    if !transfer.isAsked { ask(call, transfer, at: now) }
    return true
  }

  private mutating func ask(_ held: Slot, _ transfer: Transfer, at now: Instant) {
    let consult = calls[transfer.consult].conn
    guard !calls[transfer.consult].isUnseen else {
      let side: ReleasedBy = transfer.side == .target ? .target : .caller
      signals.append(.released(calls[held].conn, by: side))
      return self.transfer(consult, into: calls[held].conn, at: now)
    }
    transfers.update(held) { $0.isAsked = true }
    signals.append(.transferred(consult, into: calls[held].conn, by: transfer.side))
  }

  /// A number behind a trunk cannot be had.
  mutating func failOutside(
    _ slot: Slot,
    _ failure: RouteFailure,
    status: UInt16? = nil,
    at now: Instant
  ) {
    let status: UInt16 =
      switch failure {
      case .busy: 486
      case .rejected: status ?? 603
      case .timeout, .noAnswer, .unreachable, .noSuchTarget, .cancelled: 480
      }
    failTransfer(by: slot, status, at: now)
    guard calls.contains(slot) else { return }
    end(slot, by: nil, because: failure == .noAnswer ? .noAnswer : .takenBack, at: now)
  }

  /// Ends the calls that the engine does not know: nothing is to outlive the process.
  public mutating func releaseUnseen(at now: Instant) {
    let before = outgoing.count
    outgoing.connections.now = now
    var unseen: [Slot] = []
    calls.forEach { if calls[$0].isUnseen { unseen.append($0) } }
    for slot in unseen where calls.contains(slot) { end(slot, by: nil, at: now) }
    noteMessages(sentSince: before, at: now)
  }

  /// The consult call has come to nothing: the two talk on, and the referrer is told.
  mutating func failTransfer(by consult: Slot, _ status: UInt16, at now: Instant) {
    guard let held = transfers.held(of: consult), let transfer = transfers.remove(held) else {
      return
    }
    leaveJoin(of: consult, at: now)
    if let newcomer = transfer.newcomer { turnAway(newcomer, status, at: now) }
    notify(transfer, status, at: now)
    // Nobody is left to talk to.
    guard transfer.leaving(calls[held]) == nil else { return }
    end(held, by: transfer.side == .target ? .target : .caller, at: now)
  }

  /// A call ends, and with it what it was to become.
  mutating func leaveTransfers(of slot: Slot, at now: Instant) {
    leaveJoin(of: slot, at: now)
    failTransfer(by: slot, 480, at: now)
    guard let transfer = transfers.remove(slot) else { return }
    notify(transfer, 487, at: now)
    if let newcomer = transfer.newcomer { turnAway(newcomer, 481, at: now) }
    if calls[transfer.consult].isAnswered { end(transfer.consult, by: .caller, at: now) }
  }

  // MARK: Joining

  /// A target has answered whose caller talks already.
  mutating func answeredForParty(
    _ target: Slot,
    of slot: Slot,
    _ received: borrowing Received,
    at now: Instant
  ) {
    legs[target].shownTag = table.hashOfTag(received)
    legs[target].state = .talking
    legs[target].owesACK = true
    touch(leg: target)
    touch(call: slot)
    adoptSession(DialogHeaders(received), on: target, at: now)
    let body = received.bytes[received.envelope.body]
    var offer = body.isEmpty ? nil : texts.make(body)
    switch legs[target].offering {
    case .nothing: break
    case .description: acknowledge(target, body: .empty, type: .empty)
    case .session:
      // It has answered the offer of somebody who is not there any more.
      acknowledge(target, body: .empty, type: .empty)
      if let unwanted = offer.take() { texts.free(unwanted) }
    }
    join(target, of: slot, offering: offer, at: now)
  }

  /// Begins to join a target with the party that stays, who is the caller if nobody is named.
  mutating func join(
    _ target: Slot,
    of slot: Slot,
    with party: Slot? = nil,
    offering offer: Text?,
    at now: Instant
  ) {
    leaveJoin(of: slot, at: now)
    transfers.joins[slot] = Join(
      target: target,
      party: party,
      step: offer == nil ? .ask : .offer,
      offer: offer,
      again: now,
      end: now + Self.joinPatience
    )
    pursueJoin(of: slot, at: now)
  }

  /// How long two parties are tried to be joined; the target repeats its success as long.
  private static var joinPatience: Duration { .seconds(20) }

  /// The party that stays when a call is joined with its target.
  private func staying(in slot: Slot) -> Slot? {
    if let party = transfers.joins[slot]?.party { return legs.contains(party) ? party : nil }
    if let caller = calls[slot].caller { return caller }
    guard let held = transfers.held(of: slot) else { return nil }
    return transfers[held]?.staying(in: calls[held])
  }

  /// Sends the next re-INVITE of a join, or waits until nothing else is under way.
  mutating func pursueJoin(of slot: Slot, at now: Instant) {
    guard var join = transfers.joins[slot] else { return }
    guard now < join.end, let party = staying(in: slot), legs[party].state == .talking,
      join.step != .ask || !legs[join.target].owesACK
    else { return failJoin(of: slot, at: now) }
    let to = join.step == .offer ? party : join.target
    guard let holder = legs[to].call else { return failJoin(of: slot, at: now) }
    guard calls[holder].renegotiation == nil, !legs[to].awaitsACK, !legs[to].owesACK else {
      join.again = now + .milliseconds(250)
      transfers.joins[slot] = join
      return
    }
    var entry = Relay(
      from: to == party ? join.target : party,
      to: to,
      server: nil,
      serverSequence: 0,
      client: nil,
      clientSequence: legs[to].localSequence + 1,
      method: .invite,
      hasBody: join.offer != nil
    )
    entry.joins = slot
    let made = relays.insert(entry)
    var request = LegRequest(.invite, owner: Owner(.relay, made))
    if let offer = join.offer {
      request.body = offer.bytes
      request.bodyType = ByteView("application/sdp")
    }
    writeSession(of: to)
    guard let client = send(request, on: to, at: now) else {
      relays.remove(made)
      return failJoin(of: slot, at: now)
    }
    entry.client = client
    if legs[to].session.repeatsDescription, let offer = join.offer {
      entry.description = texts.make(offer.bytes)
    }
    relays[made] = entry
    calls[holder].renegotiation = made
    join.again = .distantFuture
    transfers.joins[slot] = join
  }

  /// The final answer to a re-INVITE of a join.
  mutating func joined(
    _ relay: Relay,
    of slot: Slot,
    _ received: borrowing Received,
    at now: Instant
  ) {
    let status = received.envelope.statusCode
    let isSuccess = status < 300
    guard var join = transfers.joins[slot], join.again == .distantFuture,
      relay.to == join.target || relay.from == join.target
    else {
      if isSuccess { straighten(relay, at: now) }
      return
    }
    if isSuccess {
      adoptSession(DialogHeaders(received), on: relay.to, at: now)
      if let description = relay.description { keepDescription(description.bytes, on: relay.to) }
      let body = received.bytes[received.envelope.body]
      guard !body.isEmpty else { return failJoin(of: slot, at: now) }
      let type = received.bytes[received.envelope.contentType]
      switch join.step {
      case .ask, .describe: return goOn(&join, of: slot, with: .offer, texts.make(body), at: now)
      case .offer where isNew(body, to: join.target, of: slot):
        return goOn(&join, of: slot, with: .tell, texts.make(body), at: now)
      case .offer, .tell: return complete(join, of: slot, answer: body, type: type, at: now)
      }
    }
    switch status {
    case 491, 500:
      join.again = now + glareWait(on: relay.to)
      transfers.joins[slot] = join
    case 408, 481:
      guard legs.contains(relay.to), let call = legs[relay.to].call else { return }
      end(call, by: .line, at: now)
    default:
      // What the target was told before is as good as it gets.
      if join.step == .tell {
        return complete(join, of: slot, answer: .empty, type: .empty, at: now)
      }
      guard join.step == .ask, Self.wantsOffer(status), let known = description(of: slot) else {
        return failJoin(of: slot, at: now)
      }
      legs[join.target].offering = .description
      let offer = texts.make(calls[slot].invite.bytes[known])
      goOn(&join, of: slot, with: .describe, offer, at: now)
    }
  }

  private mutating func goOn(
    _ join: inout Join,
    of slot: Slot,
    with step: Join.Step,
    _ offer: Text,
    at now: Instant
  ) {
    if let last = join.offer { texts.free(last) }
    join.step = step
    join.offer = offer
    transfers.joins[slot] = join
    pursueJoin(of: slot, at: now)
  }

  /// A re-INVITE that nobody wants any more has succeeded: its sides talk to whom they talked.
  private mutating func straighten(_ relay: Relay, at now: Instant) {
    if legs[relay.to].owesACK { acknowledge(relay.to, body: .empty, type: .empty) }
    guard relay.hasBody, let call = legs[relay.to].call, calls[call].phase == .talking,
      let target = calls[call].target, transfers.joins[call] == nil
    else { return }
    join(target, of: call, offering: nil, at: now)
  }

  /// Both have what the other said.
  private mutating func complete(
    _ join: Join,
    of slot: Slot,
    answer: ByteView,
    type: ByteView,
    at now: Instant
  ) {
    if let party = staying(in: slot) { legs[party].isHolding = false }
    if let offer = join.offer { texts.free(offer) }
    transfers.joins[slot] = nil
    touch(call: slot)
    if legs[join.target].state == .early {
      welcome(join.target, to: slot, answer: answer, type: type, at: now)
    } else if join.step == .offer {
      if legs[join.target].owesACK { acknowledge(join.target, body: answer, type: type) }
      keepDescription(answer, on: join.target)
    }
    guard calls[slot].phase == .diverting else { return }
    calls[slot].phase = .talking
    forgetDetour(of: slot)
    probes.arm(join.target.index, at: now)
    counters.answers += 1
    if !calls[slot].isUnseen {
      signals.append(.answered(calls[slot].conn, attempt: calls[slot].attempt))
    }
    guard let held = transfers.held(of: slot), let transfer = transfers[held], !transfer.isAsked
    else { return }
    ask(held, transfer, at: now)
  }

  /// The two cannot be joined.
  private mutating func failJoin(of slot: Slot, at now: Instant) {
    guard let target = transfers.joins[slot]?.target else { return }
    let isNewcomer = legs.contains(target) && legs[target].state == .early
    if isNewcomer { turnAway(target, 488, at: now) }
    leaveJoin(of: slot, at: now)
    if isNewcomer {
      if calls[slot].phase == .diverting { failed(slot, .unreachable, at: now) }
      return
    }
    guard calls[slot].phase == .diverting else { return end(slot, by: .line, at: now) }
    hangUp(target, because: .takenBack, at: now)
    failed(slot, .unreachable, at: now)
  }

  /// A join is not wanted any more.
  mutating func leaveJoin(of slot: Slot, at now: Instant) {
    let party = staying(in: slot)
    guard let join = transfers.joins.removeValue(forKey: slot) else { return }
    if let offer = join.offer { texts.free(offer) }
    turnAway(join.target, 480, at: now)
    for call in [slot, party.flatMap { legs[$0].call }] {
      guard let call, let relay = calls[call].renegotiation, relays.contains(relay),
        relays[relay].joins == slot
      else { continue }
      abortRenegotiation(of: call, at: now)
    }
  }
}

extension Call {
  /// Nobody waits for an answer to this call's INVITE: its caller talks already, or soon will.
  mutating func becomeAnswered() {
    isAnswered = true
    transaction = .none
    envelope.body = .none
    headers = DialogHeaders()
  }

  /// Takes over who calls.
  mutating func take(_ held: Call) {
    conn = held.conn
    invite = held.invite
    envelope = held.envelope
    source = held.source
    mergeKey = held.mergeKey
    isTrusted = held.isTrusted
    hasHistory = held.hasHistory
    uuid = held.uuid
    kept = held.kept
    kept.isTouched = false
    becomeAnswered()
  }
}

extension TransactionHandle {
  /// Finds nothing.
  static var none: TransactionHandle { TransactionHandle(index: .max, generation: 0) }
}
