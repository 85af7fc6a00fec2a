// From rows back to calls, legs and transactions, before the first datagram.
//
// The other sides know nothing of it: tags, branches, numbers and ConnIDs are what they were, what
// they send again is recognised, and what we had sent is sent again by its timers. A phone that
// was ringing rings on; its answer is taken as if nothing had been. What belongs to a call that the
// engine does not know ends as RFC 3261 ends it: a final answer, CANCEL or BYE.

public import Engine

extension SIPSwitch {
  /// What a leg's row says beyond the leg.
  private struct Link {
    var leg: Slot
    var conn: ConnID
  }

  /// Goes on with what an earlier process kept; call it before the first datagram.
  ///
  /// - Parameters:
  ///   - rows: Everything that was kept.
  ///   - now: The present moment, by the clock that the rows were written by.
  ///   - isAlive: Whether the engine has a call of that name.
  /// - Returns: The calls that go on. Every other is over on the line, and the engine must be told.
  public mutating func restore(
    _ rows: [DialogRow],
    at now: Instant,
    isAlive: (ConnID) -> Bool
  ) -> [ConnID] {
    outgoing.connections.now = now
    let before = outgoing.count
    for row in rows { keeper.skip(to: row.id) }
    var legs: [Slot] = []
    var byCall: [ConnID: [Slot]] = [:]
    // Our INVITEs: behind the BYEs and CANCELs of calls that the same phones had before.
    var invites = OutgoingQueue()
    for row in rows where row.part == .caller || row.part == .target {
      guard let link = restoreLeg(row, at: now, &invites) else {
        drop(row)
        continue
      }
      legs.append(link.leg)
      byCall[link.conn, default: []].append(link.leg)
    }
    var waited: [(Slot, Duration)] = []
    for row in rows where row.part == .call {
      guard let (slot, age) = restoreCall(row, byCall, at: now) else {
        drop(row)
        continue
      }
      waited.append((slot, age))
    }
    for row in rows where row.part == .relay {
      if !restoreRelay(row, at: now) { drop(row) }
    }
    for row in rows where row.part == .final {
      if !restoreFinal(row, at: now) { drop(row) }
    }
    let alone = legs.filter { self.legs[$0].call == nil }
    var alive: [ConnID] = []
    for (slot, age) in waited {
      let conn = calls[slot].conn
      // Whoever has heard nothing for so long has given up, or a proxy has for him.
      let isGone = calls[slot].phase != .talking && age > plan.limits.silenceMax
      let isUnseen = calls[slot].isUnseen
      let goesOn = !isGone && (isUnseen || isAlive(conn)) && goOn(slot, at: now)
      for leg in [calls[slot].caller, calls[slot].target] {
        if let leg, self.legs.contains(leg) { _ = reportAgain(leg, isLost: !goesOn, at: now) }
      }
      if goesOn {
        if !isUnseen { alive.append(conn) }
      } else {
        release(slot, at: now)
      }
    }
    for leg in alone {
      let isTold = reportAgain(leg, isLost: true, at: now)
      // BYE follows the answer to it.
      if !isTold || self.legs[leg].state != .parting { finish(leg, at: now) }
    }
    invites.forEach { outgoing.append($0, to: $1) }
    noteMessages(sentSince: before, at: now)
    return alive
  }

  /// A row that cannot be read, or has nothing to go on with.
  private mutating func drop(_ row: DialogRow) {
    if keeper.isOn { keeper.gone.append(row.id) }
  }

  private func kept(_ row: DialogRow) -> Kept {
    Kept(row: row.id, isStored: keeper.isOn)
  }

  private mutating func restoreLeg(
    _ row: DialogRow,
    at now: Instant,
    _ invites: inout OutgoingQueue
  ) -> Link? {
    var reader = RowReader(row.body)
    let form = reader.number()
    guard Self.forms.contains(form) else { return nil }
    let conn = ConnID(reader.number())
    let state = Leg.State(rawValue: UInt8(truncatingIfNeeded: reader.number()))
    let attempt = UInt32(truncatingIfNeeded: reader.number())
    var draft = LegText()
    scratch.removeAll()
    draft.callID = copyText(&reader)
    draft.local = copyText(&reader)
    draft.remote = copyText(&reader)
    draft.remoteTag = copyText(&reader)
    draft.target = copyText(&reader)
    draft.routes = copyText(&reader)
    let localTag = SIPToken(reader.number())
    let hop = reader.endpoint()
    let localSequence = UInt32(truncatingIfNeeded: reader.number())
    let remoteSequence = Int64(bitPattern: reader.number())
    let dn = DN(reader.string())
    let clientSequence = UInt32(truncatingIfNeeded: reader.number())
    let owesACK = reader.flag()
    let serverSequence = UInt32(truncatingIfNeeded: reader.number())
    let awaitsACK = reader.flag()
    let hasRung = reader.flag()
    let isNamed = reader.flag()
    guard !reader.isBroken, !scratch.overflowed, let state,
      let entry = entryIndex.index(of: dn) ?? anyEntry, !isNamed || map.party(localTag) == nil
    else { return nil }
    var leg = Leg(
      side: row.part == .caller ? .caller : .target,
      state: state,
      call: nil,
      attempt: attempt,
      text: texts.make(scratch.bytes),
      localTag: localTag,
      hop: hop,
      // Some numbers may have been used since the row was written.
      localSequence: state == .calling || state == .abandoned
        ? localSequence : localSequence &+ Self.sequenceGap,
      remoteSequence: remoteSequence,
      entry: entry
    )
    leg.take(draft)
    leg.clientSequence = clientSequence
    leg.owesACK = owesACK
    leg.serverSequence = serverSequence
    leg.hasRung = hasRung
    leg.isNamed = isNamed
    leg.kept = kept(row)
    let slot = legs.insert(leg)
    if isNamed { map.set(localTag, Owner(.leg, slot)) }
    let owner = Owner(.leg, slot).raw
    let message = row.message
    let client = table.restore(&reader, request: message, owner: owner, at: now, into: &invites)
    legs[slot].clientInvite = client
    legs[slot].kept.message = message == nil ? nil : client
    let server = table.restore(&reader, owner: owner, at: now, into: &outgoing)
    legs[slot].serverInvite = server
    legs[slot].awaitsACK = awaitsACK && server != nil
    if form > 1 { restoreSession(of: slot, &reader) }
    if form > 3 { restoreReport(of: slot, &reader) }
    restoreOffering(of: slot)
    return Link(leg: slot, conn: conn)
  }

  /// The forms of rows that are read.
  private static var forms: ClosedRange<UInt64> { 1...rowForm }

  private mutating func restoreSession(of slot: Slot, _ reader: inout RowReader) {
    legs[slot].isHolding = reader.flag()
    legs[slot].session.interval = UInt32(truncatingIfNeeded: reader.number())
    legs[slot].session.leastInterval = UInt32(truncatingIfNeeded: reader.number())
    legs[slot].session.isOurs = reader.flag()
    legs[slot].session.takesUpdate = reader.flag()
  }

  private mutating func restoreReport(of slot: Slot, _ reader: inout RowReader) {
    legs[slot].hasReferred = reader.flag()
    guard legs[slot].hasReferred, reader.flag() else { return }
    let eventID = UInt32(truncatingIfNeeded: reader.number())
    let status = UInt16(truncatingIfNeeded: reader.number())
    transfers.reports[slot] = Report(eventID: eventID, status: status)
  }

  private mutating func restoreOffering(of slot: Slot) {
    guard legs[slot].state == .calling, let invite = table.request(of: legs[slot].clientInvite)
    else { return }
    let offers = invite.withByteView { !Envelope(scanning: $0).body.isEmpty }
    legs[slot].offering = offers ? .session : .nothing
  }

  private mutating func copyText(_ reader: inout RowReader) -> ByteSlice {
    reader.text().withByteView { scratch.append($0) }
  }

  /// How far our numbers are ahead of those that a row knows.
  private static var sequenceGap: UInt32 { 16 }

  /// A DN for our Contact when the site has lost the one that was called.
  private var anyEntry: Int? { entries.isEmpty ? nil : 0 }

  private mutating func restoreCall(
    _ row: DialogRow,
    _ byCall: [ConnID: [Slot]],
    at now: Instant
  ) -> (Slot, Duration)? {
    var body = RowReader(row.body)
    let form = body.number()
    guard Self.forms.contains(form), let message = row.message else { return nil }
    let conn = ConnID(body.number())
    let mark = body.number()
    let isAnswered = mark & Self.answeredMark != 0
    let phase = Call.Phase(rawValue: UInt8(truncatingIfNeeded: mark & 0xF))
    let source = body.endpoint()
    let localTag = SIPToken(body.number())
    let dn = DN(body.string())
    let isTrusted = body.flag()
    let hasHistory = body.flag()
    guard !body.isBroken, let phase, let entry = entryIndex.index(of: dn) ?? anyEntry,
      map.call(conn) == nil
    else { return nil }
    let made = message.withByteView { datagram -> Call? in
      let received = reader.read(datagram)
      guard received.verdict == .accept, received.envelope.isRequest else { return nil }
      let envelope = received.envelope
      let key = tokens.hash(
        received.bytes[envelope.callID],
        received.bytes[envelope.from.tag],
        envelope.sequence
      )
      var transaction = TransactionHandle.none
      if phase != .talking, !isAnswered {
        guard
          case .new(let handle) = table.receive(
            request: received,
            from: source,
            at: now,
            into: &outgoing
          )
        else { return nil }
        transaction = handle
      }
      return Call(
        conn: conn,
        phase: phase,
        invite: texts.make(received.bytes),
        envelope: envelope,
        source: source,
        transaction: transaction,
        localTag: localTag,
        mergeKey: key,
        entry: entry,
        isTrusted: isTrusted,
        hasHistory: hasHistory,
        uuid: uuid(of: conn),
        headers: DialogHeaders(received)
      )
    }
    guard var call = made else { return nil }
    let written = Self.restoreProgress(of: &call, &body, form)
    if isAnswered { call.becomeAnswered() }
    call.isUnseen = mark & Self.unseenMark != 0
    call.kept = kept(row)
    let slot = calls.insert(call)
    map.set(conn, slot)
    map.setFirst(call.mergeKey, slot)
    table.setOwner(Owner(.call, slot).raw, of: call.transaction)
    join(slot, byCall[conn] ?? [])
    resumeCapture(of: slot, at: now)
    return (slot, now > written ? now - written : .zero)
  }

  /// Reads how far a call was, and gives when that was written.
  private static func restoreProgress(
    of call: inout Call,
    _ body: inout RowReader,
    _ form: UInt64
  ) -> Instant {
    call.attempt = UInt32(truncatingIfNeeded: body.number())
    call.diversions = UInt32(truncatingIfNeeded: body.number())
    call.lastFailure = failure(body.number())
    call.hasRung = body.flag()
    call.hasShownMedia = body.flag()
    call.isQueued = body.flag()
    call.told = UInt16(truncatingIfNeeded: body.number())
    let written = Instant(nanoseconds: body.number())
    // Renegotiations are joined with their calls by their own rows.
    _ = body.number()
    if form > 1 {
      call.uuid = CallUUID(high: body.number(), middle: body.number(), low: body.number())
    }
    if form > 2 {
      let dn = DN(body.string())
      call.reached = dn.number.isEmpty ? nil : dn
    }
    return written
  }

  /// Joins a call with its legs.
  private mutating func join(_ slot: Slot, _ own: [Slot]) {
    for leg in own {
      legs[leg].call = slot
      if legs[leg].side == .caller {
        calls[slot].caller = leg
        if let server = legs[leg].serverInvite { calls[slot].transaction = server }
      } else {
        calls[slot].target = leg
      }
    }
    if calls[slot].caller == nil { map.set(calls[slot].localTag, Owner(.call, slot)) }
  }

  private mutating func restoreRelay(_ row: DialogRow, at now: Instant) -> Bool {
    var reader = RowReader(row.body)
    guard Self.forms.contains(reader.number()) else { return false }
    let from = map.party(SIPToken(reader.number()))
    let to = map.party(SIPToken(reader.number()))
    let serverSequence = UInt32(truncatingIfNeeded: reader.number())
    let clientSequence = UInt32(truncatingIfNeeded: reader.number())
    let method = SIPMethod(rawValue: UInt8(truncatingIfNeeded: reader.number()))
    let hasBody = reader.flag()
    guard !reader.isBroken, let method, let from, let to, from.kind == .leg, to.kind == .leg
    else { return false }
    // Who it is done for is known only when it is in its slab.
    let server = table.restore(&reader, owner: 0, at: now, into: &outgoing)
    let client = table.restore(&reader, owner: 0, at: now, into: &outgoing)
    guard let server, let client else {
      if let server { table.abandon(server) }
      if let client { table.abandon(client) }
      return false
    }
    let slot = relays.insert(
      Relay(
        from: from.slot,
        to: to.slot,
        server: server,
        serverSequence: serverSequence,
        client: client,
        clientSequence: clientSequence,
        method: method,
        hasBody: hasBody,
        kept: kept(row)
      )
    )
    table.setOwner(Owner(.relay, slot).raw, of: client)
    guard method == .invite else { return true }
    table.setOwner(Owner(.relay, slot).raw, of: server)
    if let call = legs[to.slot].call {
      calls[call].renegotiation = slot
    } else {
      table.cancel(client, at: now, into: &outgoing)
    }
    return true
  }

  private mutating func restoreFinal(_ row: DialogRow, at now: Instant) -> Bool {
    var reader = RowReader(row.body)
    guard Self.forms.contains(reader.number()) else { return false }
    let conn = ConnID(reader.number())
    guard let handle = table.restore(&reader, owner: 0, at: now, into: &outgoing) else {
      return false
    }
    let slot = finals.insert(Final(conn: conn, transaction: handle, kept: kept(row)))
    table.setOwner(Owner(.final, slot).raw, of: handle)
    guard table.lastStatus(of: handle) ?? 0 < 200 else { return true }
    // Somebody who had come in place of another (RFC 3891), and must come again.
    reply(to: handle, 480, tag: tokens.next(), at: now)
    keeper.touch(&finals[slot].kept, Owner(.final, slot), isUrgent: true)
    return true
  }

  // MARK: Going on

  /// Takes a call up where it was; false when it has nothing to go on with.
  private mutating func goOn(_ slot: Slot, at now: Instant) -> Bool {
    if calls[slot].isAnswered, calls[slot].phase != .talking { return goOnJoining(slot, at: now) }
    switch calls[slot].phase {
    case .talking:
      guard let caller = calls[slot].caller, let target = calls[slot].target,
        legs[caller].state == .talking, legs[target].state == .talking
      else { return false }
      for leg in [target, caller] {
        probes.arm(leg.index, at: now)
        goOnWithSession(of: leg, at: now)
      }
    case .diverting:
      hearAgain(slot, at: now)
      guard let target = calls[slot].target, legs[target].clientInvite != nil else {
        failed(slot, .unreachable, at: now)
        return true
      }
    case .waiting:
      hearAgain(slot, at: now)
    }
    return true
  }

  /// Takes up a call whose caller talks already: he waits, or a phone rings for him.
  private mutating func goOnJoining(_ slot: Slot, at now: Instant) -> Bool {
    guard let caller = calls[slot].caller, legs[caller].state == .talking else { return false }
    probes.arm(caller.index, at: now)
    goOnWithSession(of: caller, at: now)
    guard calls[slot].phase == .diverting else { return true }
    if let target = calls[slot].target {
      if legs[target].state == .calling, legs[target].clientInvite != nil { return true }
      // It has answered, and its offer is lost.
      hangUp(target, because: .takenBack, at: now)
    }
    failed(slot, .unreachable, at: now)
    return true
  }

  /// The caller's transaction is where it was; what he was told he is told again.
  private mutating func hearAgain(_ slot: Slot, at now: Instant) {
    if calls[slot].told > 100 { return sayStillWaiting(slot, at: now) }
    var unsent = OutgoingQueue()
    table.reply(
      to: calls[slot].transaction,
      with: Reply(100, tag: nil),
      at: now,
      into: &unsent
    )
    refresh.arm(slot.index, at: now)
  }

  /// Ends a call that the engine does not know.
  private mutating func release(_ slot: Slot, at now: Instant) {
    if calls[slot].phase != .talking, !calls[slot].isAnswered {
      reply(to: calls[slot].transaction, 480, tag: calls[slot].localTag, at: now)
    }
    end(slot, by: nil, at: now)
  }

  /// Ends a leg that no call needs, from where it was.
  private mutating func finish(_ slot: Slot, at now: Instant) {
    switch legs[slot].state {
    case .calling, .talking: hangUp(slot, because: .takenBack, at: now)
    case .abandoned:
      guard let invite = legs[slot].clientInvite else { return removeLeg(slot) }
      table.cancel(invite, at: now, into: &outgoing)
    case .parting: if !legs[slot].awaitsACK { sayGoodbye(slot, at: now) }
    case .ending: sayGoodbye(slot, at: now)
    case .early: removeLeg(slot)
    }
  }
}
