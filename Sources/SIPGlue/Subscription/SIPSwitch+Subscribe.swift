// SUBSCRIBE: who may watch a DN, and for how long (RFC 6665 4.2.1, RFC 3680 4).
//
// A DN may be watched by its own user, who shows that he is by digest, and by trusted peers. The
// one package is `reg`; a request without an Event header means it too, as seed 002 has it.

internal import Engine

extension SIPSwitch {
  /// The time granted to who asks for none (RFC 3680 4.3).
  private static var usualExpires: UInt32 { 3761 }

  /// Serves a SUBSCRIBE, the first of a dialog or a later one.
  mutating func subscribe(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) {
    counters.subscribes += 1
    let bytes = received.bytes
    let envelope = received.envelope
    let event = Self.event(of: received)
    guard event.package.isEmpty || event.package.equalsIgnoringCase("reg") else {
      lines.header("Allow-Events", "reg")
      return turnAway(received, handle, 489, from: source)
    }
    let isKnown = !envelope.to.tag.isEmpty
    let known = isKnown ? subscription(of: received) : nil
    guard !isKnown || known != nil else {
      counters.strays += 1
      return turnAway(received, handle, 481, from: source)
    }
    let address = bytes[known == nil ? envelope.requestURI : envelope.to.uri]
    guard let uri = SIPURI(address), uri.scheme == .sip || uri.scheme == .sips else {
      return turnAway(received, handle, 416, from: source)
    }
    let dn = known.map { subscriptions.slab[$0].dn } ?? DN(uri.userText(in: address))
    guard isAllowed(received, to: dn, handle, from: source, at: now) else { return }
    guard registrar.isExtension(dn) else { return turnAway(received, handle, 404, from: source) }
    guard let seconds = grantedExpires(envelope) else {
      lines.header("Min-Expires", decimal: UInt64(plan.registrar.minExpires))
      return refuse(handle, 423, at: now)
    }
    if let known {
      return resubscribe(known, received, handle, for: seconds, at: now)
    }
    begin(received, handle, dn, event.parameters, for: seconds, from: source, at: now)
  }

  /// The package of the Event header, or nothing, and its parameters.
  private static func event(
    of received: borrowing Received
  ) -> (package: ByteView, parameters: ByteView) {
    let found = received.envelope.header("event", in: received.bytes)
    let short = received.envelope.header("o", in: received.bytes)
    guard let value = found ?? short else { return (.empty, .empty) }
    let end = value.position(of: UInt8(ascii: ";"), from: 0, to: value.count)
    return (value.view(from: 0, to: end).trimmed, value.view(from: end, to: value.count))
  }

  /// The subscription that a request in a dialog is about; nil when there is none.
  private func subscription(of received: borrowing Received) -> Slot? {
    let bytes = received.bytes
    let envelope = received.envelope
    guard let tag = SIPToken(bytes[envelope.to.tag]), let slot = subscriptions.find(tag) else {
      return nil
    }
    let text = subscriptions.slab[slot].text.bytes
    let words = subscriptions.slab[slot].words
    let isSame =
      text[words.callID].equals(bytes[envelope.callID])
      && text[words.remoteTag].equals(bytes[envelope.from.tag])
    return isSame ? slot : nil
  }

  private func grantedExpires(_ envelope: Envelope) -> UInt32? {
    let settings = plan.registrar
    guard envelope.expires >= 0 else { return min(Self.usualExpires, settings.maxExpires) }
    let asked = UInt32(clamping: envelope.expires)
    guard asked == 0 || asked >= settings.minExpires else { return nil }
    return min(asked, settings.maxExpires)
  }

  /// Whether the sender may watch a DN; otherwise the reply is on its way.
  private mutating func isAllowed(
    _ received: borrowing Received,
    to dn: DN,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) -> Bool {
    if isTrusted(source) { return true }
    guard callersWithPassword.contains(dn) else {
      turnAway(received, handle, 403, from: source)
      return false
    }
    let admission = registrar.admit(
      Self.credentials(in: received, proxy: false),
      userAgent: received.envelope.header("user-agent", in: received.bytes)?.string,
      source: Self.text(ofAddress: source),
      at: now
    )
    switch admission {
    case .admitted(let user):
      if user == dn.number { return true }
      turnAway(received, handle, 403, from: source)
    case .challenged(let challenges):
      counters.unauthorized += 1
      for challenge in challenges { lines.header("WWW-Authenticate", challenge.headerValue) }
      turnAway(received, handle, 401, from: source)
    case .malformed:
      turnAway(received, handle, 400, from: source)
    case .lockedOut(let seconds):
      counters.lockouts += 1
      lines.header("Retry-After", decimal: UInt64(seconds))
      turnAway(received, handle, 403, from: source)
    case .tooMany(let seconds):
      counters.lockouts += 1
      lines.header("Retry-After", decimal: UInt64(seconds))
      turnAway(received, handle, 503, from: source)
    }
    return false
  }

  // MARK: Dialogs

  private mutating func begin(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    _ dn: DN,
    _ event: ByteView,
    for seconds: UInt32,
    from source: Endpoint,
    at now: Instant
  ) {
    let bytes = received.bytes
    let envelope = received.envelope
    let contact = bytes[envelope.contact]
    guard let address = NameAddress(contact) else { return refuse(handle, 400, at: now) }
    var isThere = false
    received.forEachToken(of: "accept", or: 0) { _ in isThere = true }
    if isThere, !received.accepts("application/reginfo+xml") {
      lines.header("Accept", "application/reginfo+xml")
      return refuse(handle, 406, at: now)
    }
    guard subscriptions.count < subscriptions.limit,
      subscriptions.to(dn).count < plan.limits.subscribersMax
    else {
      lines.header("Retry-After", decimal: UInt64(plan.limits.retryAfter))
      return refuse(handle, 503, at: now)
    }
    let tag = tokens.next()
    var words = LegText()
    scratch.removeAll()
    words.callID = scratch.append(bytes[envelope.callID])
    var start = scratch.count
    scratch.write(bytes[envelope.to.value])
    scratch.write(";tag=")
    scratch.write(tag)
    words.local = scratch.slice(from: start)
    words.remote = scratch.append(bytes[envelope.from.value])
    words.remoteTag = scratch.append(bytes[envelope.from.tag])
    words.target = scratch.append(contact[address.uri])
    start = scratch.count
    RouteValues.write(bytes[envelope.recordRouteLines], reversed: false, to: &scratch)
    words.routes = scratch.slice(from: start)
    let eventID = scratch.append(event)
    guard !scratch.overflowed else { return refuse(handle, 400, at: now) }
    let text = subscriptions.texts.make(scratch.bytes)
    let subscription = Subscription(
      dn: dn,
      text: text,
      words: words,
      eventID: eventID,
      tag: tag,
      // A name cannot be looked up; where the request came from, the phone is.
      hop: way(text.bytes, words, of: envelope, in: bytes) ?? source,
      remoteSequence: Int64(envelope.sequence),
      expiresAt: now + .seconds(Int64(seconds))
    )
    let slot = subscriptions.insert(subscription)
    registrar.watch(dn, true)
    accept(slot, handle, seconds, tag, at: now)
  }

  /// A refresh, or the end that the subscriber wants.
  private mutating func resubscribe(
    _ slot: Slot,
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    for seconds: UInt32,
    at now: Instant
  ) {
    let envelope = received.envelope
    guard Int64(envelope.sequence) > subscriptions.slab[slot].remoteSequence else {
      return refuse(handle, 500, at: now)
    }
    subscriptions.slab[slot].remoteSequence = Int64(envelope.sequence)
    subscriptions.slab[slot].expiresAt = now + .seconds(Int64(seconds))
    if let address = NameAddress(received.bytes[envelope.contact]) {
      let uri = received.bytes[envelope.contact][address.uri]
      retarget(subscription: slot, to: uri, of: envelope, in: received.bytes)
    }
    subscriptions.arm(slot)
    accept(slot, handle, seconds, nil, at: now)
  }

  /// 200, and everything there is to know (RFC 6665 4.2.1.4).
  private mutating func accept(
    _ slot: Slot,
    _ handle: TransactionHandle,
    _ seconds: UInt32,
    _ tag: SIPToken?,
    at now: Instant
  ) {
    lines.header("Expires", decimal: UInt64(seconds))
    writeContact(subscription: slot)
    reply(to: handle, 200, tag: tag, at: now)
    if seconds == 0 {
      end(subscription: slot, because: "timeout", at: now)
    } else {
      notify(slot, nil, at: now)
    }
  }

  /// Where a subscriber's requests go, if we can go there.
  private func way(
    _ text: ByteView,
    _ words: LegText,
    of envelope: Envelope,
    in request: ByteView
  ) -> Endpoint? {
    guard let hop = hop(text, words, of: envelope, in: request), canReach(hop) else { return nil }
    return hop
  }

  /// The subscriber is reached at this URI from now on; by the connection that he has come on.
  private mutating func retarget(
    subscription slot: Slot,
    to uri: ByteView,
    of envelope: Envelope,
    in request: ByteView
  ) {
    let old = subscriptions.slab[slot]
    let bytes = old.text.bytes
    if bytes[old.words.target].equals(uri) {
      if let hop = way(bytes, old.words, of: envelope, in: request) {
        subscriptions.slab[slot].hop = hop
      }
      return
    }
    var words = LegText()
    scratch.removeAll()
    words.callID = scratch.append(bytes[old.words.callID])
    words.local = scratch.append(bytes[old.words.local])
    words.remote = scratch.append(bytes[old.words.remote])
    words.remoteTag = scratch.append(bytes[old.words.remoteTag])
    words.target = scratch.append(uri)
    words.routes = scratch.append(bytes[old.words.routes])
    let eventID = scratch.append(bytes[old.eventID])
    guard !scratch.overflowed else { return }
    let text = subscriptions.texts.make(scratch.bytes)
    subscriptions.texts.free(old.text)
    subscriptions.slab[slot].text = text
    subscriptions.slab[slot].words = words
    subscriptions.slab[slot].eventID = eventID
    if let hop = way(text.bytes, words, of: envelope, in: request) {
      subscriptions.slab[slot].hop = hop
    }
  }

  /// Writes our Contact for a subscriber.
  mutating func writeContact(subscription slot: Slot) {
    lines.write("Contact: <sip:")
    subscriptions.slab[slot].dn.number.withByteView { lines.writeUser($0) }
    finishContact(toward: subscriptions.slab[slot].hop)
  }
}
