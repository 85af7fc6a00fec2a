// Legs: requests on them, and how they end.

internal import Engine

/// A request on a leg.
struct LegRequest {
  var method: SIPMethod
  var owner: Owner
  var body = ByteView.empty
  var bodyType = ByteView.empty
  var maxForwards: UInt8 = 70

  init(_ method: SIPMethod, owner: Owner) {
    self.method = method
    self.owner = owner
  }
}

extension SIPSwitch {
  /// Sends a request with the header lines in `lines`; nil when there is no room for a transaction.
  mutating func send(
    _ request: LegRequest,
    on slot: Slot,
    at now: Instant
  ) -> TransactionHandle? {
    legs[slot].localSequence += 1
    touch(leg: slot, isUrgent: false)
    if request.method == .invite { joinCapture(slot) }
    let branch = tokens.next()
    write(request, on: slot, sequence: legs[slot].localSequence, branch: branch)
    let client = ClientRequest(
      method: request.method,
      branch: branch,
      destination: legs[slot].hop,
      owner: request.owner.raw
    )
    return send(client, at: now)
  }

  /// Sends the request in `scratch`; nil when there is no room for a transaction, or no way.
  mutating func send(_ request: ClientRequest, at now: Instant) -> TransactionHandle? {
    guard !scratch.overflowed else { return nil }
    guard canReach(request.destination) else {
      counters.unreached += 1
      counters.lastUnreached = request.destination
      return nil
    }
    var client = request
    if scratch.count > plan.limits.datagramMax, client.destination.transport == .udp,
      table.own.speaks(.tcp), !table.streamless.contains(client.destination, at: now)
    {
      // RFC 3261 18.1.1; when nobody takes the connection, it goes as a datagram after all.
      client.datagramSocket = client.destination.connection
      client.destination = client.destination.by(.tcp)
      let datagram = texts.make(scratch.bytes)
      scratch.removeAll()
      scratch.rewrite(datagram.bytes, sentBy: table.own.address(toward: client.destination))
      texts.free(datagram)
    }
    return table.send(scratch.bytes, as: client, at: now, into: &outgoing)
  }

  /// Whether we have what it takes to send there.
  func canReach(_ hop: Endpoint) -> Bool { table.own.reaches(hop) }

  /// Writes a request into `scratch`; what `lines` holds goes along and is forgotten.
  private mutating func write(
    _ request: LegRequest,
    on slot: Slot,
    sequence: UInt32,
    branch: SIPToken
  ) {
    let leg = legs[slot]
    let text = leg.text.bytes
    switch request.method {
    case .invite, .update:
      writeContact(entry: leg.entry, toward: leg.hop)
      lines.header("Allow", Self.allowed)
    case .notify: writeContact(entry: leg.entry, toward: leg.hop)
    default: break
    }
    let headers = lines.bytes
    scratch.removeAll()
    scratch.begin(
      RequestHead(
        method: request.method,
        uri: text[leg.target],
        branch: branch,
        sentBy: table.own.address(toward: leg.hop),
        from: text[leg.local],
        to: text[leg.remote],
        callID: text[leg.callID],
        sequence: sequence,
        maxForwards: request.maxForwards,
        routeLines: text[leg.routes]
      )
    )
    scratch.write(headers)
    scratch.finish(body: request.body, type: request.bodyType)
    lines.removeAll()
  }

  /// Writes our Contact for somebody who is reached at an endpoint.
  mutating func writeContact(entry: Int, toward peer: Endpoint) {
    lines.write("Contact: <sip:")
    lines.write(entries[entry].text.bytes)
    finishContact(toward: peer)
  }

  /// Writes what follows the user part of our Contact.
  mutating func finishContact(toward peer: Endpoint) {
    let own = table.own.contact(toward: peer)
    lines.write(byte: UInt8(ascii: "@"))
    lines.write(own)
    switch own.transport {
    case .udp: break
    case .tcp: lines.write(";transport=tcp")
    case .tls: lines.write(";transport=tls")
    }
    lines.write(">\r\n")
  }

  /// Acknowledges the success of our last INVITE on a leg; the table repeats it when asked to.
  mutating func acknowledge(_ slot: Slot, body: ByteView, type: ByteView) {
    legs[slot].owesACK = false
    touch(leg: slot, isUrgent: false)
    guard let invite = legs[slot].clientInvite else { return }
    writeACK(slot, body: body, type: type)
    guard !scratch.overflowed else { return }
    table.acknowledge(invite, with: scratch.bytes, to: legs[slot].hop, into: &outgoing)
  }

  /// Acknowledges a repeated success whose transaction did not outlive the process.
  mutating func acknowledgeAgain(_ received: borrowing Received) -> Bool {
    let bytes = received.bytes
    let envelope = received.envelope
    guard envelope.statusCode >= 200, envelope.statusCode < 300,
      envelope.sequenceMethod == .invite, let tag = SIPToken(bytes[envelope.from.tag]),
      let owner = map.party(tag), owner.kind == .leg
    else { return false }
    let leg = legs[owner.slot]
    let text = leg.text.bytes
    guard leg.state == .talking || leg.state == .ending, !leg.owesACK,
      text[leg.callID].equals(bytes[envelope.callID]),
      text[leg.remoteTag].equals(bytes[envelope.to.tag])
    else { return false }
    let request = LegRequest(.ack, owner: .nobody)
    write(request, on: owner.slot, sequence: envelope.sequence, branch: tokens.next())
    outgoing.append(scratch.bytes, to: leg.hop)
    return true
  }

  /// Writes the ACK to a success into `scratch`.
  mutating func writeACK(_ slot: Slot, body: ByteView = .empty, type: ByteView = .empty) {
    var request = LegRequest(.ack, owner: .nobody)
    request.body = body
    request.bodyType = type
    write(request, on: slot, sequence: legs[slot].clientSequence, branch: tokens.next())
  }

  /// Takes the dialog from a success: its tag, Contact and route set (RFC 3261 12.1.2).
  mutating func adopt(_ received: borrowing Received, on slot: Slot) {
    let leg = legs[slot]
    let old = leg.text.bytes
    let bytes = received.bytes
    let envelope = received.envelope
    var draft = LegText()
    scratch.removeAll()
    draft.callID = scratch.append(old[leg.callID])
    draft.local = scratch.append(old[leg.local])
    draft.remote = scratch.append(bytes[envelope.to.value])
    draft.remoteTag = scratch.append(bytes[envelope.to.tag])
    let contact = bytes[envelope.contact]
    let target = NameAddress(contact).map { contact[$0.uri] } ?? old[leg.target]
    draft.target = scratch.append(target)
    let start = scratch.count
    RouteValues.write(bytes[envelope.recordRouteLines], reversed: true, to: &scratch)
    draft.routes = scratch.slice(from: start)
    replaceText(of: slot, by: draft)
  }

  /// Takes a new Contact from a request or a success inside the dialog (RFC 3261 12.2).
  mutating func retarget(_ slot: Slot, to contact: ByteView) {
    guard let address = NameAddress(contact) else { return }
    let leg = legs[slot]
    let old = leg.text.bytes
    guard !old[leg.target].equals(contact[address.uri]) else { return }
    var draft = LegText()
    scratch.removeAll()
    draft.callID = scratch.append(old[leg.callID])
    draft.local = scratch.append(old[leg.local])
    draft.remote = scratch.append(old[leg.remote])
    draft.remoteTag = scratch.append(old[leg.remoteTag])
    draft.target = scratch.append(contact[address.uri])
    draft.routes = scratch.append(old[leg.routes])
    replaceText(of: slot, by: draft)
  }

  private mutating func replaceText(of slot: Slot, by draft: LegText) {
    let text = texts.make(scratch.bytes)
    let leg = legs[slot]
    let hop = hop(text.bytes, draft, isDirect: false)
    let isSamePlace =
      draft.routes.isEmpty && leg.routes.isEmpty && hop != nil
      && NextHop.endpoint(of: leg.text.bytes[leg.target])?.hasSamePlace(
        as: NextHop.endpoint(of: text.bytes[draft.target])
      ) == true
    texts.free(legs[slot].text)
    legs[slot].text = text
    legs[slot].take(draft)
    // The way that led to this very address leads there still: a translator's, or a connection.
    if let hop, !isSamePlace { legs[slot].hop = hop }
  }

  /// Where requests of a dialog go: the first route, else the target; nil when it is a name.
  ///
  /// The connection that the message at hand came on is taken if it leads there: from the same
  /// address, or from the other side itself. So is the socket of ours that a datagram came to.
  func hop(_ text: ByteView, _ draft: LegText, isDirect: Bool) -> Endpoint? {
    let isOwn = isDirect && draft.routes.isEmpty
    let unsaid = isOwn ? heardFrom.transport : standardTransport
    let found =
      draft.routes.isEmpty
      ? NextHop.endpoint(of: text[draft.target], unsaid: unsaid)
      : RouteValues.firstHop(in: text[draft.routes], unsaid: standardTransport)
    guard var hop = found else { return nil }
    if heardFrom.connection != 0, hop.transport == heardFrom.transport,
      isOwn || !hop.transport.isStream || hop.hasSameAddress(as: heardFrom)
    {
      hop.connection = heardFrom.connection
    }
    return hop
  }

  /// The same for a caller, whose INVITE came some time ago.
  mutating func callerHop(of call: Call, _ text: ByteView, _ draft: LegText) -> Endpoint? {
    let present = heardFrom
    heardFrom = call.source
    defer { heardFrom = present }
    return hop(text, draft, of: call.envelope, in: call.invite.bytes)
  }

  /// The same for whoever sent the request at hand.
  func hop(
    _ text: ByteView,
    _ draft: LegText,
    of envelope: Envelope,
    in bytes: ByteView
  ) -> Endpoint? {
    let isDirect = envelope.viaCount == 1
    guard let hop = hop(text, draft, isDirect: isDirect) else { return nil }
    guard isDirect, draft.routes.isEmpty, isTranslated(hop, via: bytes[envelope.topVia.host]) else {
      return hop
    }
    return heardFrom
  }

  /// Whether somebody on UDP sits behind an address translator.
  ///
  /// His Contact and his Via name one address, and what he says comes from another: there answers
  /// to him go (RFC 3581), and there requests reach him.
  private func isTranslated(_ contact: Endpoint, via host: ByteView) -> Bool {
    guard contact.transport == .udp, heardFrom.transport == .udp,
      !contact.hasSameAddress(as: heardFrom), let via = Endpoint(address: host, port: 0)
    else { return false }
    return via.hasSameAddress(as: contact)
  }

  // MARK: Ends

  /// Ends a leg as its state requires; its call no longer counts on it.
  mutating func hangUp(_ slot: Slot, because cause: CancelCause, at now: Instant) {
    guard legs[slot].state != .early else { return removeLeg(slot) }
    legs[slot].call = nil
    legs[slot].cause = cause
    touch(leg: slot)
    switch legs[slot].state {
    case .abandoned, .parting, .ending, .early: return
    case .calling:
      legs[slot].state = .abandoned
      guard let invite = legs[slot].clientInvite else { return removeLeg(slot) }
      table.cancel(invite, because: cause, at: now, into: &outgoing)
    case .talking:
      probes.disarm(slot.index)
      sessions.disarm(Int(slot.index))
      if legs[slot].owesACK { acknowledge(slot, body: .empty, type: .empty) }
      if legs[slot].awaitsACK {
        legs[slot].state = .parting
      } else {
        sayGoodbye(slot, at: now)
      }
    }
  }

  /// Sends BYE, with a reason where people would not guess it.
  mutating func sayGoodbye(_ slot: Slot, at now: Instant) {
    legs[slot].state = .ending
    touch(leg: slot)
    lines.write(passedReason)
    switch legs[slot].cause {
    case .answeredElsewhere, .expired:
      if passedReason.isEmpty { lines.header("Reason", ByteView(legs[slot].cause.reason)) }
    case .unsaid, .noAnswer, .takenBack, .callerHungUp: break
    }
    guard send(LegRequest(.bye, owner: Owner(.farewell, slot)), on: slot, at: now) != nil else {
      return removeLeg(slot)
    }
  }

  /// Forgets a leg.
  mutating func removeLeg(_ slot: Slot) {
    if legs[slot].isNamed { map.remove(legs[slot].localTag) }
    if legs[slot].hasReferred { transfers.reports[slot] = nil }
    silences.disarm(slot.index)
    probes.disarm(slot.index)
    sessions.disarm(Int(slot.index))
    forgetDescription(of: slot)
    texts.free(legs[slot].text)
    keeper.forget(legs[slot].kept, isUrgent: false)
    legs.remove(slot)
  }

  /// Forgets a leg whose dialog both sides know to be over.
  mutating func conclude(_ slot: Slot) {
    if let invite = legs[slot].clientInvite { table.forgetAcknowledgement(invite) }
    removeLeg(slot)
  }

  /// BYE from the other side; what it says in Reason is passed on.
  mutating func hungUp(
    _ slot: Slot,
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    at now: Instant
  ) {
    reply(to: handle, 200, tag: nil, at: now)
    passedReason = received.line(of: "reason")
    defer { passedReason = .empty }
    if legs[slot].awaitsACK, let invite = legs[slot].serverInvite {
      // He has our success, or he would not hang up.
      table.successAcknowledged(invite)
    }
    if legs[slot].owesACK { acknowledge(slot, body: .empty, type: .empty) }
    let side = legs[slot].side
    let call = legs[slot].call
    if !transfers.isEmpty, let call, leavesBehind(slot, in: call, at: now) {
      return conclude(slot)
    }
    if let call { end(call, by: side == .caller ? .caller : .target, sparing: slot, at: now) }
    conclude(slot)
  }

  /// ACK to a success of ours.
  mutating func acknowledged(_ received: borrowing Received, at now: Instant) {
    guard let owner = party(of: received), owner.kind == .leg, legs[owner.slot].awaitsACK,
      legs[owner.slot].serverSequence == received.envelope.sequence
    else {
      counters.unmatched += 1
      return
    }
    let slot = owner.slot
    legs[slot].awaitsACK = false
    touch(leg: slot, isUrgent: false)
    if let invite = legs[slot].serverInvite { table.successAcknowledged(invite) }
    if legs[slot].state == .parting { return sayGoodbye(slot, at: now) }
    guard let other = partner(of: slot), legs[other].owesACK else { return }
    let bytes = received.bytes
    let body = bytes[received.envelope.body]
    acknowledge(other, body: body, type: bytes[received.envelope.contentType])
    keepDescription(body, on: other)
  }

  /// The leg on the other side of the call.
  func partner(of slot: Slot) -> Slot? {
    guard let call = legs[slot].call else { return nil }
    return legs[slot].side == .caller ? calls[call].target : calls[call].caller
  }

  /// Ends a call on all sides but `spared`; tells the engine unless it asked for it (`by` nil).
  mutating func end(
    _ slot: Slot,
    by side: ReleasedBy?,
    because given: CancelCause? = nil,
    sparing spared: Slot? = nil,
    at now: Instant
  ) {
    if !transfers.isEmpty { leaveTransfers(of: slot, at: now) }
    abortRenegotiation(of: slot, at: now)
    forgetDetour(of: slot)
    let call = calls[slot]
    let cause = given ?? (side == .caller ? .callerHungUp : .takenBack)
    if let leg = call.target, leg != spared { hangUp(leg, because: cause, at: now) }
    if let leg = call.caller, leg != spared { hangUp(leg, because: cause, at: now) }
    // Once answered, the tag is the leg's.
    if call.caller == nil { map.remove(call.localTag) }
    map.removeFirst(call.mergeKey)
    map.remove(call.conn)
    capture.close(call.conn, at: now)
    refresh.disarm(slot.index)
    texts.free(call.invite)
    keepFinal(of: call)
    keeper.forget(call.kept, isUrgent: true)
    calls.remove(slot)
    if let side, !call.isUnseen { signals.append(.released(call.conn, by: side)) }
  }
}
