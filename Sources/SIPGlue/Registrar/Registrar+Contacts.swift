// What a REGISTER does to the contacts of its DN.
//
// A contact is the one that was bound before when device and flow are the same (RFC 5626 6), else
// when the URIs are (RFC 3261 10.3, 19.1.4).

internal import Engine

extension Registrar {
  /// The contacts of a request after all checks.
  private struct Wish {
    var bind: [(contact: RegisterContact, uri: ContactURI, seconds: UInt32)] = []
    var remove: [(contact: RegisterContact, uri: ContactURI)] = []
    var usesOutbound = false
  }

  mutating func update(
    _ slot: Int,
    by request: RegisterRequest,
    at now: Instant
  ) -> RegisterOutcome {
    if request.contacts.isEmpty, !request.wildcard {
      return RegisterOutcome(.registered(listing(of: slot, at: now)))
    }
    var wish = Wish()
    if let problem = read(request, at: slot, into: &wish) { return RegisterOutcome(problem) }
    let isLate = lines[slot].contacts.contains {
      $0.binding.callID == request.callID && request.cseq <= $0.binding.cseq
    }
    guard !isLate else { return RegisterOutcome(.outOfOrder) }
    let before = lines[slot].contacts
    remove(wish, of: request, at: slot)
    var own: [UInt64] = []
    for bind in wish.bind {
      var binding = Binding(
        uri: bind.contact.uri,
        received: Self.detour(from: bind.uri, by: request, hasFlow: wish.usesOutbound),
        expiresAt: now + .seconds(Int64(bind.seconds)),
        callID: request.callID,
        cseq: request.cseq
      )
      binding.q = bind.contact.q ?? 1000
      binding.device = Self.device(of: bind.contact)
      binding.path = request.path
      binding.parameters = bind.contact.parameters
      binding.since = now
      binding.flow = request.flow
      if let flow = request.flow, !flow.transport.isStream { binding.socket = flow.connection }
      if own.count < settings.contactsMax {
        own.append(bindOne(Contact(binding: binding, uri: bind.uri), at: slot))
      }
    }
    trim(slot, sparing: own)
    if let end = lines[slot].firstEnd { expiries.arm(slot, noLaterThan: end) }
    var outcome = RegisterOutcome(.registered(listing(of: slot, first: own, at: now)))
    if lines[slot].contacts.isEmpty {
      // Real servers echo what they removed (DOMAIN 3.2).
      outcome.reply = .registered(wish.remove.map { GrantedContact($0.contact.uri, expires: 0) })
    }
    outcome.usesOutbound = wish.usesOutbound && !own.isEmpty
    if let change = change(slot, from: before) { outcome.changes.append(change) }
    return outcome
  }

  /// Binds the only contact of a DN for another while, when nothing but the time is new.
  ///
  /// - Returns: What is granted; nil when there is more to it.
  mutating func refresh(
    _ slot: Int,
    by plain: PlainRegister,
    at now: Instant
  ) -> GrantedContact? {
    let seconds = plain.contactExpires ?? plain.expires ?? settings.defaultExpires
    guard lines[slot].contacts.count == 1, seconds > 0, seconds >= settings.minExpires,
      lines[slot].contacts[0].binding.isSaidAgain(by: plain)
    else { return nil }
    let granted = min(seconds, settings.maxExpires)
    let end = now + .seconds(Int64(granted))
    let isShorter = end < (lines[slot].contacts[0].binding.expiresAt ?? .zero)
    lines[slot].contacts[0].binding.expiresAt = end
    lines[slot].contacts[0].binding.cseq = plain.sequence
    if lines[slot].isWatched {
      tell(isShorter ? .shortened : .refreshed, lines[slot].contacts[0].binding, at: slot)
    }
    touch(slot)
    expiries.arm(slot, noLaterThan: end)
    return GrantedContact(
      lines[slot].contacts[0].binding.uri,
      expires: granted,
      parameters: lines[slot].contacts[0].binding.parameters
    )
  }

  /// Checks a request that changes something; a problem concerns the whole request (RFC 3261 10.3).
  private func read(
    _ request: RegisterRequest,
    at slot: Int,
    into wish: inout Wish
  ) -> RegisterReply? {
    guard !request.callID.isEmpty, request.callID.utf8.count <= settings.callIDLengthMax,
      request.contacts.count <= settings.contactCountMax,
      request.path.count <= settings.pathCountMax,
      request.path.allSatisfy({ $0.utf8.count <= settings.contactLengthMax })
    else { return .badRequest }
    if request.wildcard {
      return request.contacts.isEmpty && request.expires == 0 ? nil : .badRequest
    }
    for contact in request.contacts {
      guard contact.uri.utf8.count <= settings.contactLengthMax else { return .contactTooLong }
      // A refresh says what was said before: read once.
      let known = lines[slot].contacts.first { $0.binding.uri == contact.uri }?.uri
      guard let uri = known ?? ContactURI(contact.uri) else { return .badRequest }
      let seconds = contact.expires ?? request.expires ?? settings.defaultExpires
      if seconds == 0 {
        wish.remove.append((contact, uri))
        continue
      }
      guard seconds >= settings.minExpires else {
        return .intervalTooBrief(minExpires: settings.minExpires)
      }
      if request.supportsOutbound, Self.device(of: contact) != nil {
        // RFC 5626 6: the proxy at the phone's side says with `ob` that it keeps the flow.
        let keeps = request.path.last.map { $0.contains(";ob>") || $0.contains(";ob;") } ?? false
        if request.isRelayed, !keeps { return .noOutbound }
        wish.usesOutbound = true
      }
      var kept = contact
      if kept.parameters.utf8.count > settings.parametersLengthMax { kept.parameters = "" }
      wish.bind.append((kept, uri, min(seconds, settings.maxExpires)))
    }
    guard wish.bind.count > 1 else { return nil }
    // The phone's own preference, its own order among equals; a plain sort would not keep that.
    let ranked = wish.bind.enumerated().sorted {
      let (left, right) = ($0.element.contact.q ?? 1000, $1.element.contact.q ?? 1000)
      return left == right ? $0.offset < $1.offset : left > right
    }
    wish.bind = ranked.map(\.element)
    return nil
  }

  private func listing(
    of slot: Int,
    first own: [UInt64] = [],
    at now: Instant
  ) -> [GrantedContact] {
    let contacts = lines[slot].contacts.filter { $0.binding.expiresAt != nil }
    // What the phone has just said comes first: there are phones that read no further.
    let ordered =
      own.compactMap { id in contacts.first { $0.binding.id == id } }
      + contacts.filter { !own.contains($0.binding.id) }
    return ordered.map { contact in
      let end = contact.binding.expiresAt ?? now
      // Rounded down, so that the phone comes in time; but 0 would say "removed".
      let left = UInt32(clamping: (end - now).components.seconds)
      return GrantedContact(
        contact.binding.uri,
        expires: max(1, left),
        parameters: contact.binding.parameters
      )
    }
  }

  // MARK: Contacts

  private mutating func remove(_ wish: Wish, of request: RegisterRequest, at slot: Int) {
    for contact in lines[slot].contacts {
      let isMeant =
        request.wildcard
        || wish.remove.contains { item in
          contact.isSame(as: item.uri, Self.device(of: item.contact))
        }
      if isMeant { drop(contact, .unregistered, at: slot) }
    }
  }

  /// Binds a contact, in the place of the one that it was before if there is one.
  ///
  /// - Returns: Its number.
  private mutating func bindOne(_ contact: Contact, at slot: Int) -> UInt64 {
    var made = contact
    let device = contact.binding.device
    let old = lines[slot].contacts.firstIndex { known in
      contact.uri.map { known.isSame(as: $0, device) } ?? false
    }
    if let old {
      let previous = lines[slot].contacts.remove(at: old).binding
      made.binding.id = previous.id
      made.binding.since = previous.since
      let isShorter = (made.binding.expiresAt ?? .zero) < (previous.expiresAt ?? .zero)
      tell(isShorter ? .shortened : .refreshed, made.binding, at: slot)
    } else {
      lastID += 1
      made.binding.id = lastID
      tell(.registered, made.binding, at: slot)
    }
    insert(made, at: slot)
    touch(slot)
    return made.binding.id
  }

  /// Puts a contact among the others: behind those that are preferred to it.
  mutating func insert(_ contact: Contact, at slot: Int) {
    let place = lines[slot].contacts.firstIndex { $0.binding.q <= contact.binding.q }
    lines[slot].contacts.insert(contact, at: place ?? lines[slot].contacts.count)
  }

  /// Drops the oldest contacts beyond the limit.
  private mutating func trim(_ slot: Int, sparing own: [UInt64]) {
    while lines[slot].contacts.count > settings.contactsMax {
      let others = lines[slot].contacts.filter { !own.contains($0.binding.id) }
      // The end tells when it was last heard of.
      let oldest = others.min {
        ($0.binding.expiresAt ?? .zero, $0.binding.id)
          < ($1.binding.expiresAt ?? .zero, $1.binding.id)
      }
      guard let oldest else { return }
      drop(oldest, .deactivated, at: slot)
    }
  }

  private mutating func drop(_ contact: Contact, _ event: ContactEvent, at slot: Int) {
    lines[slot].contacts.removeAll { $0.binding.id == contact.binding.id }
    tell(event, contact.binding, at: slot)
    touch(slot)
  }

  /// Drops the contacts whose time is over at an instant.
  mutating func expire(_ slot: Int, by instant: Instant, into changes: inout [RegistrationChange]) {
    guard let end = lines[slot].firstEnd, end <= instant else { return }
    let before = lines[slot].contacts
    for contact in before where !contact.isAlive(at: instant) {
      drop(contact, .expired, at: slot)
    }
    if let change = change(slot, from: before) { changes.append(change) }
  }

  mutating func lapse(
    _ slot: Int,
    on connection: UInt64,
    into changes: inout [RegistrationChange]
  ) {
    let before = lines[slot].contacts
    for contact in before {
      guard contact.binding.device != nil, let flow = contact.binding.flow,
        flow.transport.isStream, flow.connection == connection
      else { continue }
      drop(contact, .deactivated, at: slot)
    }
    if let change = change(slot, from: before) { changes.append(change) }
  }

  /// What became of a DN whose contacts were these.
  private func change(_ slot: Int, from before: [Contact]) -> RegistrationChange? {
    let now = lines[slot].contacts
    let dn = lines[slot].dn
    if before.isEmpty { return now.isEmpty ? nil : .inService(dn) }
    guard !now.isEmpty else { return .outOfService(dn) }
    let isSame =
      before.count == now.count
      && now.allSatisfy { contact in
        before.contains {
          $0.binding.uri == contact.binding.uri
            && $0.binding.received == contact.binding.received
        }
      }
    return isSame ? nil : .contactChanged(dn)
  }

  /// Tells whoever watches the DN.
  mutating func tell(_ event: ContactEvent, _ binding: Binding, at slot: Int) {
    guard lines[slot].isWatched else { return }
    news.append(ContactNews(dn: lines[slot].dn, binding: binding, event: event))
  }

  private static func device(of contact: RegisterContact) -> Binding.Device? {
    guard let instance = contact.instance, let flow = contact.flow else { return nil }
    return Binding.Device(instance: instance, flow: flow)
  }

  /// The source of a packet, where the phone is reached there and not at its Contact: behind a
  /// translator, or with a flow of its own.
  ///
  /// Another port alone proves nothing: a phone may register from one port and listen on another,
  /// and then its Contact counts (RFC 3261 10). A request that came through a proxy has the
  /// proxy's source: the path leads to the phone. The source of a connection is no place to go to
  /// once the connection has ended; while it lives, `flow` has it.
  private static func detour(
    from contact: ContactURI,
    by request: RegisterRequest,
    hasFlow: Bool
  ) -> PeerAddress? {
    guard let source = request.source, request.path.isEmpty else { return nil }
    if hasFlow, request.flow?.transport.isStream != true { return source }
    return source.host.lowercased() == contact.host ? nil : source
  }
}

extension Registrar.Contact {
  /// Whether its time is not over.
  func isAlive(at now: Instant) -> Bool { binding.expiresAt.map { $0 > now } ?? true }

  /// Whether it is reached in this way.
  fileprivate func isSame(as other: ContactURI, _ device: Binding.Device?) -> Bool {
    if let device, let own = binding.device { return own == device }
    return uri?.matches(other) ?? false
  }
}

extension Binding {
  /// Whether a request says what this is, of the same phone, from the same place, and later.
  fileprivate func isSaidAgain(by plain: PlainRegister) -> Bool {
    guard expiresAt != nil, cseq < plain.sequence, flow == plain.source, device == nil,
      path.isEmpty, q == plain.q ?? 1000
    else { return false }
    let (leading, trailing) = plain.parameters
    return uri.withByteView { $0.equals(plain.uri) }
      && callID.withByteView { $0.equals(plain.callID) }
      && parameters.withByteView { own in
        own.count == leading.count + trailing.count
          && own.view(from: 0, to: leading.count).equals(leading)
          && own.view(from: leading.count, to: own.count).equals(trailing)
      }
  }
}

extension Registrar.Line {
  /// When the first of its contacts ends.
  var firstEnd: Instant? {
    var first: Instant?
    for contact in contacts {
      guard let end = contact.binding.expiresAt else { continue }
      first = first.map { min($0, end) } ?? end
    }
    return first
  }
}
