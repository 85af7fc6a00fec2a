// What the store is told: every call, leg, passed request and refusal that another process would
// have to know, once for each turn in which it has changed.
//
// Invariants: whatever is in the store is told again when it changes and taken out when it is gone;
// what begins and ends within one turn is never told. Urgent is what somebody outside relies on
// once our datagrams of this turn are out: they must not leave before it is written. A number that
// went up, an ACK or a ringing phone is not urgent: it comes again by itself.

public import Engine

extension SIPSwitch {
  /// Whether what a later process needs is noted for `takeDialogs`.
  public var keepsDialogs: Bool {
    get { keeper.isOn }
    set { keeper.isOn = newValue }
  }

  /// Shows what has changed since the last time.
  ///
  /// - Returns: Whether the datagrams that wait must not leave before this is written.
  public mutating func takeDialogs(at now: Instant, _ show: (DialogChange) -> Void) -> Bool {
    guard keeper.isOn else { return false }
    var isUrgent = keeper.isUrgent
    keeper.isUrgent = false
    for row in keeper.gone { show(.gone(row)) }
    keeper.gone.removeAll(keepingCapacity: true)
    var index = 0
    while index < keeper.touched.count {
      let owner = keeper.touched[index]
      index += 1
      let slot = owner.slot
      let (row, urgent): (DialogRow, Bool)
      switch owner.kind {
      case .call where calls.contains(slot):
        (row, urgent) = (self.row(ofCall: slot, at: now), calls[slot].kept.settle())
      case .leg where legs.contains(slot):
        (row, urgent) = (self.row(ofLeg: slot), legs[slot].kept.settle())
      case .relay where relays.contains(slot):
        (row, urgent) = (self.row(ofRelay: slot), relays[slot].kept.settle())
      case .final where finals.contains(slot):
        (row, urgent) = (self.row(ofFinal: slot), finals[slot].kept.settle())
      case .call, .leg, .relay, .final, .nobody, .farewell, .probe, .notice, .monitor, .report:
        continue
      }
      if urgent { isUrgent = true }
      show(.kept(row))
    }
    keeper.touched.removeAll(keepingCapacity: true)
    return isUrgent
  }

  mutating func touch(call slot: Slot, isUrgent: Bool = true) {
    keeper.touch(&calls[slot].kept, Owner(.call, slot), isUrgent: isUrgent)
  }

  mutating func touch(leg slot: Slot, isUrgent: Bool = true) {
    guard legs[slot].state != .early else { return }
    keeper.touch(&legs[slot].kept, Owner(.leg, slot), isUrgent: isUrgent)
  }

  mutating func touch(relay slot: Slot) {
    let isUrgent = relays[slot].method == .invite
    keeper.touch(&relays[slot].kept, Owner(.relay, slot), isUrgent: isUrgent)
  }

  mutating func forget(relay slot: Slot) {
    keeper.forget(relays[slot].kept, isUrgent: relays[slot].method == .invite)
    if let description = relays[slot].description { texts.free(description) }
    relays.remove(slot)
  }

  /// A caller who waited was refused: his answer is kept until he has acknowledged it.
  mutating func keepFinal(of call: Call) {
    guard call.kept.isStored, call.phase != .talking,
      let status = table.lastStatus(of: call.transaction), status >= 300
    else { return }
    let slot = finals.insert(Final(conn: call.conn, transaction: call.transaction))
    table.setOwner(Owner(.final, slot).raw, of: call.transaction)
    keeper.touch(&finals[slot].kept, Owner(.final, slot), isUrgent: true)
  }

  /// A refusal is acknowledged, or nobody will.
  mutating func settled(_ owner: Owner) {
    guard owner.kind == .final, finals.contains(owner.slot) else { return }
    keeper.forget(finals[owner.slot].kept, isUrgent: false)
    finals.remove(owner.slot)
  }

  // MARK: Rows

  /// The form of the bytes below; another form has another number.
  ///
  /// What a later form adds stands at the end, so that rows of the form before are still read.
  static var rowForm: UInt64 { 4 }

  /// What is added to the phase of a call whose caller talks already.
  static var answeredMark: UInt64 { 0x10 }
  /// The same of one that the engine does not know.
  static var unseenMark: UInt64 { 0x20 }

  private static func marks(of call: Call) -> UInt64 {
    (call.isAnswered ? answeredMark : 0) | (call.isUnseen ? unseenMark : 0)
  }

  private mutating func row(ofCall slot: Slot, at now: Instant) -> DialogRow {
    if calls[slot].kept.row == 0 { calls[slot].kept.row = keeper.next() }
    let call = calls[slot]
    rowWriter.removeAll()
    rowWriter.write(Self.rowForm)
    rowWriter.write(call.conn.value)
    rowWriter.write(UInt64(call.phase.rawValue) | Self.marks(of: call))
    rowWriter.write(call.source)
    rowWriter.write(call.localTag.value)
    rowWriter.write(entries[call.entry].dn.number)
    rowWriter.write(call.isTrusted)
    rowWriter.write(call.hasHistory)
    rowWriter.write(UInt64(call.attempt))
    rowWriter.write(UInt64(call.diversions))
    rowWriter.write(UInt64(call.lastFailure.map { Self.number(of: $0) } ?? 0))
    rowWriter.write(call.hasRung)
    rowWriter.write(call.hasShownMedia)
    rowWriter.write(call.isQueued)
    rowWriter.write(UInt64(call.told))
    rowWriter.write(now.nanoseconds)
    rowWriter.write(call.renegotiation.map { relays[$0].kept.row } ?? 0)
    rowWriter.write(call.uuid.high)
    rowWriter.write(call.uuid.middle)
    rowWriter.write(call.uuid.low)
    rowWriter.write(call.reached?.number ?? "")
    let state: String
    switch call.phase {
    case .waiting: state = call.isQueued ? "queued" : "waiting"
    case .diverting: state = call.hasRung ? "ringing" : "diverting"
    case .talking: state = "talking"
    }
    var row = DialogRow(id: call.kept.row, part: .call, state: state, body: rowWriter.bytes)
    row.conn = call.conn
    if !call.kept.isStored {
      var message = call.invite.bytes.array
      if call.envelope.hasCredentials { CredentialMask.apply(to: &message) }
      row.message = message
    }
    return row
  }

  private mutating func row(ofLeg slot: Slot) -> DialogRow {
    if legs[slot].kept.row == 0 { legs[slot].kept.row = keeper.next() }
    var message: [UInt8]?
    if !legs[slot].kept.isStored {
      message = table.request(of: legs[slot].clientInvite)
      legs[slot].kept.message = message == nil ? nil : legs[slot].clientInvite
    }
    let leg = legs[slot]
    let isApart = leg.kept.message != nil && leg.kept.message == leg.clientInvite
    let text = leg.text.bytes
    rowWriter.removeAll()
    rowWriter.write(Self.rowForm)
    rowWriter.write(leg.call.map { calls[$0].conn.value } ?? 0)
    rowWriter.write(UInt64(leg.state.rawValue))
    rowWriter.write(UInt64(leg.attempt))
    for slice in [leg.callID, leg.local, leg.remote, leg.remoteTag, leg.target, leg.routes] {
      rowWriter.write(text[slice])
    }
    rowWriter.write(leg.localTag.value)
    rowWriter.write(leg.hop)
    rowWriter.write(UInt64(leg.localSequence))
    rowWriter.write(UInt64(bitPattern: leg.remoteSequence))
    rowWriter.write(entries[leg.entry].dn.number)
    rowWriter.write(UInt64(leg.clientSequence))
    rowWriter.write(leg.owesACK)
    rowWriter.write(UInt64(leg.serverSequence))
    rowWriter.write(leg.awaitsACK)
    rowWriter.write(leg.hasRung)
    rowWriter.write(leg.isNamed)
    table.write(leg.clientInvite, to: &rowWriter, isApart: isApart)
    table.write(leg.awaitsACK ? leg.serverInvite : nil, to: &rowWriter)
    rowWriter.write(leg.isHolding)
    rowWriter.write(UInt64(leg.session.interval))
    rowWriter.write(UInt64(leg.session.leastInterval))
    rowWriter.write(leg.session.isOurs)
    rowWriter.write(leg.session.takesUpdate)
    rowWriter.write(leg.hasReferred)
    if leg.hasReferred {
      let report = transfers.reports[slot]
      rowWriter.write(report != nil)
      rowWriter.write(UInt64(report?.eventID ?? 0))
      rowWriter.write(UInt64(report?.status ?? 0))
    }
    let part: DialogRow.Part = leg.side == .caller ? .caller : .target
    let state: String
    switch leg.state {
    case .calling: state = "calling"
    case .abandoned: state = "abandoned"
    case .talking: state = "talking"
    case .parting: state = "parting"
    case .ending: state = "ending"
    case .early: state = "early"
    }
    var row = DialogRow(id: leg.kept.row, part: part, state: state, body: rowWriter.bytes)
    row.conn = leg.call.map { calls[$0].conn }
    row.message = message
    return row
  }

  private mutating func row(ofRelay slot: Slot) -> DialogRow {
    if relays[slot].kept.row == 0 { relays[slot].kept.row = keeper.next() }
    let relay = relays[slot]
    rowWriter.removeAll()
    rowWriter.write(Self.rowForm)
    rowWriter.write(legs.contains(relay.from) ? legs[relay.from].localTag.value : 0)
    rowWriter.write(legs.contains(relay.to) ? legs[relay.to].localTag.value : 0)
    rowWriter.write(UInt64(relay.serverSequence))
    rowWriter.write(UInt64(relay.clientSequence))
    rowWriter.write(UInt64(relay.method.rawValue))
    rowWriter.write(relay.hasBody)
    table.write(relay.server, to: &rowWriter)
    table.write(relay.client, to: &rowWriter)
    return DialogRow(
      id: relay.kept.row,
      part: .relay,
      state: "\(relay.method.name)".lowercased(),
      body: rowWriter.bytes
    )
  }

  private mutating func row(ofFinal slot: Slot) -> DialogRow {
    if finals[slot].kept.row == 0 { finals[slot].kept.row = keeper.next() }
    let final = finals[slot]
    rowWriter.removeAll()
    rowWriter.write(Self.rowForm)
    rowWriter.write(final.conn.value)
    table.write(final.transaction, to: &rowWriter)
    var row = DialogRow(
      id: final.kept.row,
      part: .final,
      state: "\(table.lastStatus(of: final.transaction) ?? 0)",
      body: rowWriter.bytes
    )
    row.conn = final.conn
    return row
  }

  /// The number of a failure in a row; 0 is none.
  static func number(of failure: RouteFailure) -> UInt8 {
    switch failure {
    case .timeout: 1
    case .busy: 2
    case .noAnswer: 3
    case .rejected: 4
    case .unreachable: 5
    case .noSuchTarget: 6
    case .cancelled: 7
    }
  }

  /// The failure of a number in a row.
  static func failure(_ number: UInt64) -> RouteFailure? {
    let all: [RouteFailure] = [
      .timeout, .busy, .noAnswer, .rejected, .unreachable, .noSuchTarget, .cancelled,
    ]
    return number > 0 && number <= UInt64(all.count) ? all[Int(number) - 1] : nil
  }
}

extension Kept {
  /// The store is told; returns whether it was urgent.
  fileprivate mutating func settle() -> Bool {
    defer {
      isStored = true
      isTouched = false
      isUrgent = false
    }
    return isUrgent
  }
}
