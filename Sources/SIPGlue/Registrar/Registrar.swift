// Where each extension is reached: the registrar, in virtual time.
//
// States of a DN: without a binding (out of service) → bound (in service) → without. A fixed
// contact of the site file is bound for ever.
//
//   first REGISTER                        200, then inService
//   refresh (same Call-ID, higher CSeq)   200 only; contactChanged if the contact moved
//   other Call-ID or other phone          200, then contactChanged: the last writer wins, no out/in
//   pair Expires 0 for the bound contact, or * 200, then outOfService
//   Expires 0 for another contact         200, nothing changes: an old phone cannot log the new one
//   out no refresh                            outOfService at the granted instant, not before, no
//   grace CSeq not higher, same Call-ID         500, nothing changes
//
// Who may register: the DN's own user with the password. An extension without a password is served
// to trusted peers only (403 otherwise); trust does not replace a password that exists, so that a
// wrong one is refused on loopback too. An extension with a fixed contact refuses every REGISTER
// with 403; its password, if any, serves its own calls. An unknown DN is refused with 404 before
// any challenge, as the original does.
//
// Invariants: at most one binding for each configured DN, every text in it of limited length; a
// bound DN with an end is armed in `expiries` no later than its end; a reply other than 200 has
// changed no binding. Who may change it: `handle` and `advance` only.
// Source: RFC 3261 10.3; DOMAIN 3.2 and 8.15-8.17; decision 7 of DOMAIN.

public import Engine

/// One extension as the registrar sees it.
public struct RegistrarExtension: Sendable {
  /// Its number.
  public var dn: DN
  /// Its password; nil: only trusted peers may register it.
  public var password: String?
  /// Its fixed address; such an extension does not register.
  public var contact: String?

  /// Makes an extension.
  public init(_ dn: DN, password: String? = nil, contact: String? = nil) {
    self.dn = dn
    self.password = password
    self.contact = contact
  }
}

/// The registrar's limits.
public struct RegistrarSettings: Sendable {
  /// The least seconds that are granted; fewer are answered with 423.
  ///
  /// At most 3600 (RFC 3261 10.3 step 7).
  public var minExpires: UInt32 = 10
  /// The seconds granted to a phone that asks for none.
  public var defaultExpires: UInt32 = 300
  /// The most seconds that are granted.
  public var maxExpires: UInt32 = 3600
  /// The longest URI that is stored, in bytes.
  public var contactLengthMax = 512
  /// The most Contact values in one request.
  public var contactCountMax = 8
  /// The longest Call-ID that is stored, in bytes.
  public var callIDLengthMax = 256
  /// The hosts that an address of record may have; empty: any, as phones put our IP address there.
  public var hosts: Set<String> = []

  /// Makes settings with the usual limits.
  public init() {}
}

/// Keeps where the extensions are reached, and knows who may say so.
///
/// Call `advance(to:)` before `handle` and whenever `nextDeadline` has come. Instants never go
/// back.
public struct Registrar: ~Copyable, Sendable {
  private struct Line: Sendable {
    var dn: DN
    var isFixed: Bool
    var hasPassword: Bool
    var binding: Binding?
    /// The binding's URI in parts.
    var contact: ContactURI?
    /// Whether it is among those that have changed.
    var isTouched = false
  }

  private let settings: RegistrarSettings
  private var slots: [DN: Int] = [:]
  private var lines: [Line] = []
  private var expiries: ExpiryHeap
  private var authenticator: DigestAuthenticator
  /// The DNs whose binding has changed since `forgetTouched`, for whoever remembers them.
  public var touched: [DN] { touchedSlots.map { lines[$0].dn } }
  /// Each at most once: as many as there are extensions.
  private var touchedSlots: [Int] = []

  /// The DNs that are in service from the start: those with a fixed contact, in the order given.
  public let fixedDNs: [DN]

  /// Opens the registrar without any registration.
  ///
  /// If a DN is given twice, the first one counts.
  ///
  /// - Throws: `DigestUnavailable` when libcrypto has no MD5 or no SHA-256.
  public init(
    extensions: [RegistrarExtension],
    digest: DigestSettings,
    settings: RegistrarSettings = RegistrarSettings()
  ) throws(DigestUnavailable) {
    self.settings = settings
    var accounts: [DigestAccount] = []
    for item in extensions where slots[item.dn] == nil {
      slots[item.dn] = lines.count
      let binding = item.contact.map {
        Binding(uri: $0, received: nil, expiresAt: nil, callID: "", cseq: 0)
      }
      lines.append(
        Line(
          dn: item.dn,
          isFixed: binding != nil,
          hasPassword: item.password != nil,
          binding: binding
        )
      )
      if let password = item.password {
        accounts.append(DigestAccount(user: item.dn.number, password: password))
      }
    }
    fixedDNs = lines.filter(\.isFixed).map(\.dn)
    expiries = ExpiryHeap(slotCount: lines.count)
    authenticator = try DigestAuthenticator(digest, accounts: accounts)
  }

  /// The instant at which `advance(to:)` must be called next; nil when nothing is registered.
  ///
  /// Never later than the next expiry; it may be earlier when a phone has refreshed in the
  /// meantime.
  public var nextDeadline: Instant? { expiries.nextDeadline }

  /// Tells where a DN is reached; nil when it is not in service at this instant, or unknown.
  public func binding(of dn: DN, at now: Instant) -> Binding? {
    guard let slot = slots[dn], let binding = lines[slot].binding else { return nil }
    if let end = binding.expiresAt, end <= now { return nil }
    return binding
  }

  /// Tells whether this is a configured extension, in service or not.
  public func isExtension(_ dn: DN) -> Bool { slots[dn] != nil }

  /// Decides whether a request of another method may pass; the reply's code, 401 or 407, is the
  /// caller's.
  public mutating func admit(
    _ credentials: [Credentials],
    userAgent: String?,
    at now: Instant
  ) -> Admission {
    authenticator.admit(credentials, userAgent: userAgent, at: now)
  }

  /// Removes what has come to its end, and appends the changes in the order of their instants.
  public mutating func advance(to now: Instant, into changes: inout [RegistrationChange]) {
    while let (slot, deadline) = expiries.popDue(at: now) {
      guard let end = lines[slot].binding?.expiresAt else { continue }
      // Compared with its own deadline, not with now: one that was refreshed queues up again,
      // behind those that end before it.
      if end <= deadline {
        unbind(slot, into: &changes)
      } else {
        expiries.arm(slot, at: end)
      }
    }
  }

  /// Serves a REGISTER.
  ///
  /// **Complexity**: independent of the number of bindings for a refresh; O(log n) for a first
  /// registration.
  public mutating func handle(_ request: RegisterRequest, at now: Instant) -> RegisterOutcome {
    guard settings.hosts.isEmpty || settings.hosts.contains(request.host),
      let slot = slots[request.dn]
    else { return RegisterOutcome(.notFound) }
    var changes: [RegistrationChange] = []
    if let end = lines[slot].binding?.expiresAt, end <= now { unbind(slot, into: &changes) }
    let reply =
      refusal(of: request, slot: slot, at: now)
      ?? update(slot, by: request, at: now, into: &changes)
    return RegisterOutcome(reply, changes: changes)
  }

  /// Forgets which bindings have changed.
  public mutating func forgetTouched() {
    for slot in touchedSlots { lines[slot].isTouched = false }
    touchedSlots.removeAll(keepingCapacity: true)
  }

  /// Whether `touched` has any.
  public var hasTouched: Bool { !touchedSlots.isEmpty }

  private mutating func touch(_ slot: Int) {
    guard !lines[slot].isTouched else { return }
    lines[slot].isTouched = true
    touchedSlots.append(slot)
  }

  /// Puts a binding back that an earlier run has granted; nothing is signalled.
  ///
  /// One that has come to its end meanwhile ends at the next `advance`. One of an extension that
  /// the site does not have any more, or that is fixed now, is left out.
  ///
  /// - Returns: Whether it is there.
  @discardableResult
  public mutating func restore(_ binding: Binding, of dn: DN) -> Bool {
    guard let slot = slots[dn], !lines[slot].isFixed, let end = binding.expiresAt,
      let contact = ContactURI(binding.uri)
    else { return false }
    lines[slot].binding = binding
    lines[slot].contact = contact
    expiries.arm(slot, at: end)
    return true
  }

  // MARK: Who may

  private mutating func refusal(
    of request: RegisterRequest,
    slot: Int,
    at now: Instant
  ) -> RegisterReply? {
    if lines[slot].isFixed { return .forbidden }
    guard lines[slot].hasPassword else { return request.trusted ? nil : .forbidden }
    switch authenticator.admit(request.credentials, userAgent: request.userAgent, at: now) {
    case .admitted(let user): return user == request.dn.number ? nil : .forbidden
    case .challenged(let challenges): return .unauthorized(challenges)
    case .malformed: return .badRequest
    }
  }

  // MARK: What it says

  /// The contacts of a request after all checks: the one to bind, and those to remove.
  private struct Wish {
    var bind: (contact: RegisterContact, uri: ContactURI, seconds: UInt32)?
    var remove: [(contact: RegisterContact, uri: ContactURI)] = []
  }

  private mutating func update(
    _ slot: Int,
    by request: RegisterRequest,
    at now: Instant,
    into changes: inout [RegistrationChange]
  ) -> RegisterReply {
    if request.contacts.isEmpty, !request.wildcard { return listing(of: slot, at: now) }
    var wish = Wish()
    if let problem = read(request, into: &wish) { return problem }
    if let bound = lines[slot].binding, bound.callID == request.callID,
      request.cseq <= bound.cseq
    {
      return .outOfOrder
    }
    if let bind = wish.bind {
      var binding = Binding(
        uri: bind.contact.uri,
        received: Self.detour(from: bind.uri, to: request.source),
        expiresAt: now + .seconds(Int64(bind.seconds)),
        callID: request.callID,
        cseq: request.cseq
      )
      binding.flow = request.flow
      set(binding, bind.uri, at: slot, into: &changes)
    } else if let bound = lines[slot].contact,
      request.wildcard || wish.remove.contains(where: { $0.uri.matches(bound) })
    {
      unbind(slot, into: &changes)
    }
    guard lines[slot].binding == nil else { return listing(of: slot, at: now) }
    // Real servers echo what they removed (DOMAIN 3.2).
    return .registered(wish.remove.map { GrantedContact($0.contact.uri, expires: 0) })
  }

  /// Checks a request that changes something; a problem concerns the whole request (RFC 3261 10.3).
  private func read(_ request: RegisterRequest, into wish: inout Wish) -> RegisterReply? {
    guard !request.callID.isEmpty, request.callID.utf8.count <= settings.callIDLengthMax,
      request.contacts.count <= settings.contactCountMax
    else { return .badRequest }
    if request.wildcard {
      return request.contacts.isEmpty && request.expires == 0 ? nil : .badRequest
    }
    for contact in request.contacts {
      guard contact.uri.utf8.count <= settings.contactLengthMax else { return .contactTooLong }
      guard let uri = ContactURI(contact.uri) else { return .badRequest }
      let seconds = contact.expires ?? request.expires ?? settings.defaultExpires
      if seconds == 0 {
        wish.remove.append((contact, uri))
        continue
      }
      guard seconds >= settings.minExpires else {
        return .intervalTooBrief(minExpires: settings.minExpires)
      }
      // One binding for each DN: the contact that the phone prefers, the first among equals.
      if let best = wish.bind, (best.contact.q ?? 1000) >= (contact.q ?? 1000) { continue }
      wish.bind = (contact, uri, min(seconds, settings.maxExpires))
    }
    return nil
  }

  private func listing(of slot: Int, at now: Instant) -> RegisterReply {
    guard let binding = lines[slot].binding, let end = binding.expiresAt else {
      return .registered([])
    }
    // Rounded down, so that the phone comes in time; but 0 would say "removed".
    let left = UInt32(clamping: (end - now).components.seconds)
    return .registered([GrantedContact(binding.uri, expires: max(1, left))])
  }

  // MARK: Bindings

  private mutating func set(
    _ binding: Binding,
    _ contact: ContactURI,
    at slot: Int,
    into changes: inout [RegistrationChange]
  ) {
    if let old = lines[slot].binding {
      if old.uri != binding.uri || old.received != binding.received {
        changes.append(.contactChanged(lines[slot].dn))
      }
    } else {
      changes.append(.inService(lines[slot].dn))
    }
    lines[slot].binding = binding
    lines[slot].contact = contact
    touch(slot)
    if let end = binding.expiresAt { expiries.arm(slot, at: end) }
  }

  private mutating func unbind(_ slot: Int, into changes: inout [RegistrationChange]) {
    lines[slot].binding = nil
    lines[slot].contact = nil
    touch(slot)
    changes.append(.outOfService(lines[slot].dn))
  }

  /// The source of a packet, where its host is not the contact's: the phone is behind a translator.
  ///
  /// Another port alone proves nothing: a phone may register from one port and listen on another,
  /// and then its Contact counts (RFC 3261 10).
  private static func detour(from contact: ContactURI, to source: PeerAddress?) -> PeerAddress? {
    guard let source else { return nil }
    return source.host.lowercased() == contact.host ? nil : source
  }
}
