// A first INVITE: who calls whom, may he, and what the engine is told.

internal import Engine

extension SIPSwitch {
  /// Serves an INVITE that opens a dialog.
  mutating func offer(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) {
    let bytes = received.bytes
    let envelope = received.envelope
    let isTrusted = plan.trusted.contains { $0.contains(source) }
    guard let caller = admitted(received, handle, isTrusted: isTrusted, from: source, at: now)
    else { return }
    // The strategy may take its time; where it takes none, the answer needs no 100 before it.
    unanswered.append(handle)
    guard envelope.maxForwards != 0 else { return refuse(handle, 483, at: now) }
    let key = tokens.hash(
      bytes[envelope.callID],
      bytes[envelope.from.tag],
      envelope.sequence
    )
    guard map.first(key) == nil, !isOurs(received) else { return refuse(handle, 482, at: now) }
    guard let dialled = dialledDN(bytes[envelope.requestURI]) else {
      return refuse(handle, 416, at: now)
    }
    guard let entry = entryIndex.index(of: dialled) else {
      return refuse(handle, 404, at: now)
    }
    let headers = OfferHeaders(envelope, in: bytes)
    if let status = problem(with: received, headers) { return refuse(handle, status, at: now) }
    let dialogHeaders = DialogHeaders(received)
    guard !isTooBrief(dialogHeaders) else { return refuse(handle, 422, at: now) }
    guard headers.replaces.isEmpty else {
      let party = Newcomer(invite: handle, number: caller, source: source, entry: entry)
      return replaceParty(received, headers, by: party, at: now)
    }
    guard !isDraining, calls.count < plan.limits.callsMax else {
      lines.header("Retry-After", decimal: UInt64(plan.limits.retryAfter))
      return refuse(handle, 503, at: now)
    }
    let conn = map.makeConnID()
    var call = Call(
      conn: conn,
      invite: texts.make(bytes),
      envelope: envelope,
      source: source,
      transaction: handle,
      localTag: tokens.next(),
      mergeKey: key,
      entry: entry,
      isTrusted: isTrusted,
      hasHistory: !headers.history.isEmpty,
      uuid: Self.uuid(bytes[headers.callUUID]) ?? uuid(of: conn),
      headers: dialogHeaders
    )
    call.timestamp = headers.timestamp
    let slot = calls.insert(call)
    map.set(call.conn, slot)
    map.set(call.localTag, Owner(.call, slot))
    map.setFirst(key, slot)
    table.setOwner(Owner(.call, slot).raw, of: handle)
    refresh.arm(slot.index, at: now)
    touch(call: slot)
    counters.calls += 1
    openCapture(of: call.conn, callID: bytes[envelope.callID], at: now)
    announce(call, caller, headers)
  }

  /// Says 100 to those whose INVITEs nobody has answered while they were at hand (RFC 3261 17.2.1).
  ///
  /// To be called when the engine has had its say about what came, before anything is sent.
  public mutating func sayTrying() {
    guard !unanswered.isEmpty else { return }
    let before = outgoing.count
    let now = outgoing.connections.now
    for handle in unanswered where table.lastStatus(of: handle) == 0 {
      let owner = Owner(table.owner(of: handle) ?? 0)
      if owner.kind == .call, calls.contains(owner.slot) { writeTimestamp(of: owner.slot) }
      reply(to: handle, 100, tag: nil, at: now)
    }
    unanswered.removeAll(keepingCapacity: true)
    noteMessages(sentSince: before, at: now)
  }

  /// Says 100 to a caller who has not heard a word yet: somebody else's answer takes its time.
  mutating func sayTrying(_ slot: Slot, at now: Instant) {
    guard table.lastStatus(of: calls[slot].transaction) == 0 else { return }
    writeTimestamp(of: slot)
    reply(to: calls[slot].transaction, 100, tag: nil, at: now)
  }

  /// Writes what the caller measures the way to us by (RFC 3261 8.2.6.1).
  private mutating func writeTimestamp(of slot: Slot) {
    let timestamp = calls[slot].timestamp
    guard !timestamp.isEmpty else { return }
    lines.header("Timestamp", calls[slot].invite.bytes[timestamp])
  }

  /// Whether an INVITE is one that we have sent, come back by some way (RFC 3261 16.3).
  private func isOurs(_ received: borrowing Received) -> Bool {
    let bytes = received.bytes
    guard let tag = SIPToken(bytes[received.envelope.from.tag]), let owner = map.party(tag),
      owner.kind == .leg
    else { return false }
    let leg = legs[owner.slot]
    return leg.text.bytes[leg.callID].equals(bytes[received.envelope.callID])
  }

  /// Tells the engine.
  private mutating func announce(
    _ call: Call,
    _ caller: String,
    _ headers: OfferHeaders
  ) {
    let bytes = call.invite.bytes
    let envelope = call.envelope
    var ani = caller
    let identity = bytes[headers.assertedIdentity]
    // Who asserts what From says has been read already.
    if call.isTrusted, !identity.isEmpty, !identity.isBracketed(bytes[envelope.from.uri]),
      let user = Self.user(ofFirstAddressIn: identity)
    {
      ani = user
    }
    let number = bytes[envelope.to.uri]
    var dnis = ""
    // Most callers dial what they mean; what was dialled is read already.
    if !number.equals(bytes[envelope.requestURI]), let uri = SIPURI(number) {
      dnis = uri.userText(in: number)
    }
    if dnis.isEmpty { dnis = entries[call.entry].dn.number }
    var offer = CallOffer(
      call.conn,
      at: entries[call.entry].dn,
      ani: ani,
      dnis: dnis,
      type: registrar.isExtension(DN(caller)) ? .internal : .inbound
    )
    offer.uuid = call.uuid
    signals.append(.offered(offer))
  }

  /// The number of the caller if he may call; otherwise the reply is on its way.
  private mutating func admitted(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    isTrusted: Bool,
    from source: Endpoint,
    at now: Instant
  ) -> String? {
    let from = received.bytes[received.envelope.from.uri]
    let caller = SIPURI(from).map { $0.userText(in: from) } ?? ""
    if isTrusted { return caller }
    counters.unauthorized += 1
    // Who hides his number shows it in his credentials (RFC 3325 9.1).
    guard callersWithPassword.contains(DN(caller)) || from.isAnonymous else {
      turnAway(received, handle, 403, from: source)
      return nil
    }
    switch registrar.admit(
      Self.credentials(in: received, proxy: true),
      userAgent: received.envelope.header("user-agent", in: received.bytes)?.string,
      source: Self.text(ofAddress: source),
      at: now
    ) {
    case .admitted(let user):
      guard user == caller || from.isAnonymous else {
        turnAway(received, handle, 403, from: source)
        return nil
      }
      counters.unauthorized -= 1
      return user
    case .challenged(let challenges):
      for challenge in challenges {
        lines.write("Proxy-Authenticate: ")
        lines.write(text: challenge.headerValue)
        lines.write("\r\n")
      }
      turnAway(received, handle, 407, from: source)
      return nil
    case .malformed:
      turnAway(received, handle, 400, from: source)
      return nil
    case .lockedOut(let seconds):
      counters.lockouts += 1
      lines.header("Retry-After", decimal: UInt64(seconds))
      turnAway(received, handle, 403, from: source)
      return nil
    case .tooMany(let seconds):
      counters.lockouts += 1
      lines.header("Retry-After", decimal: UInt64(seconds))
      turnAway(received, handle, 503, from: source)
      return nil
    }
  }

  /// Refuses somebody who has not shown who he is, and whoever comes for what is not there: once,
  /// and nothing is remembered.
  ///
  /// The address may be another's. A transaction would repeat the reply to it for half a minute and
  /// keep memory as long (RFC 3261 8.2.7, 26.3.2.4).
  mutating func turnAway(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    _ status: UInt16,
    from source: Endpoint
  ) {
    counters.refused += 1
    table.abandon(handle)
    answerStatelessly(status, to: received, from: source)
  }

  /// What is wrong with an INVITE for a DN of ours, if anything; may leave header lines in `lines`.
  private mutating func problem(
    with received: borrowing Received,
    _ headers: OfferHeaders
  ) -> UInt16? {
    let bytes = received.bytes
    let envelope = received.envelope
    guard headers.proxyRequire.isEmpty else {
      lines.header("Unsupported", bytes[headers.proxyRequire])
      return 420
    }
    if !envelope.body.isEmpty {
      let type = bytes[envelope.contentType]
      let encoding = bytes[headers.contentEncoding]
      guard
        type.hasPrefixIgnoringCase("application/sdp") || type.hasPrefixIgnoringCase("multipart/"),
        encoding.isEmpty || encoding.equalsIgnoringCase("identity")
      else {
        lines.header("Accept", "application/sdp")
        lines.header("Accept-Encoding", "identity")
        return 415
      }
    }
    if !headers.accept.isEmpty, !received.accepts("application/sdp") {
      lines.writeWarning("a session description is all there is to answer with", by: sentBy)
      return 406
    }
    // Without it the caller could not be reached once he is answered (RFC 3261 8.1.1.8); one who
    // speaks RFC 2543 is reached by his From.
    let isOld = envelope.contactLines == 0 && !envelope.topVia.hasUsefulBranch
    guard isOld || NameAddress(bytes[envelope.contact]) != nil else { return 400 }
    guard !headers.diversion.isEmpty else { return nil }
    return diversionCount(of: received) > plan.limits.diversionsMax ? 482 : nil
  }

  /// How often the call has been diverted before (RFC 5806): the sum of the counters.
  private func diversionCount(of received: borrowing Received) -> Int {
    let bytes = received.bytes
    var count = 0
    HeaderLines.forEach(in: bytes[received.envelope.headerLines]) { name, line in
      guard name.equalsIgnoringCase("diversion") else { return }
      RouteValues.forEach(in: line) { value in
        let counter = NameAddress(line[value])?.parameter("counter", in: line[value])
        count += Int(counter?.decimal(atMost: 1000) ?? 1)
      }
    }
    return count
  }

  /// The DN that a Request-URI names; nil when it is no URI that we serve.
  private func dialledDN(_ text: ByteView) -> DN? {
    guard let uri = SIPURI(text), uri.scheme != .other else { return nil }
    return DN(uri.userText(in: text))
  }

  /// The user part of the first of several addresses.
  static func user(ofFirstAddressIn value: ByteView) -> String? {
    var first = value
    var found = false
    RouteValues.forEachValue(in: value) { slice in
      if !found { first = value[slice] }
      found = true
    }
    guard let address = NameAddress(first), let uri = SIPURI(first[address.uri]) else { return nil }
    let user = uri.userText(in: first[address.uri])
    return user.isEmpty ? nil : user
  }

  /// The CallUUID of a call that has brought none along: never that of another process.
  func uuid(of conn: ConnID) -> CallUUID {
    CallUUID(high: uuidStart.high, middle: uuidStart.middle, low: conn.value)
  }

  /// A CallUUID in its written form: 32 characters of 0-9 and A-V, 5 bits each.
  static func uuid(_ text: ByteView) -> CallUUID? {
    guard text.count == 32 else { return nil }
    var parts: [UInt64] = [0, 0, 0]
    for index in 0..<32 {
      let byte = text[index]
      let value: UInt8
      switch byte {
      case 0x30...0x39: value = byte - 0x30
      case 0x41...0x56: value = byte - 0x41 + 10
      default: return nil
      }
      let part = index < 12 ? 0 : index < 24 ? 1 : 2
      parts[part] = parts[part] << 5 | UInt64(value)
    }
    return CallUUID(high: parts[0], middle: parts[1], low: parts[2])
  }
}

extension ByteView {
  /// Whether this is an address in brackets and nothing else.
  fileprivate func isBracketed(_ uri: ByteView) -> Bool {
    count == uri.count + 2 && self[0] == UInt8(ascii: "<") && self[count - 1] == UInt8(ascii: ">")
      && view(from: 1, to: count - 1).equals(uri)
  }
}
