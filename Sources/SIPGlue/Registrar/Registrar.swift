// Where each extension is reached: the registrar, in virtual time.
//
// States of a DN: without a contact (out of service) → with some (in service) → without. A fixed
// contact of the site file is bound for ever; monitoring may find it out of service.
//
//   first REGISTER                         200, then inService
//   refresh (same Call-ID, higher CSeq)    200 only; contactChanged if the contact moved
//   other Call-ID or other phone           200, then contactChanged: no out/in pair. Of a DN's
//                                          contacts the newest stay, `contactsMax` of them: with
//                                          one, the last writer wins (ADR 0021)
//   Expires 0 for a bound contact, or *    200, outOfService when it was the last
//   Expires 0 for another contact          200, nothing changes: an old phone cannot log the new
//                                          one out
//   no refresh                             outOfService at the granted instant, not before, no
//                                          grace
//   a flow that is not kept alive          its contact goes (RFC 5626 5.4), outOfService when it
//                                          was the last
//   CSeq not higher, same Call-ID          500, nothing changes
//
// Who may register: the DN's own user with the password. An extension without a password is served
// to trusted peers only (403 otherwise); trust does not replace a password that exists, so that a
// wrong one is refused on loopback too. An extension with a fixed contact refuses every REGISTER
// with 403; its password, if any, serves its own calls. An unknown DN is refused with 404 before
// any challenge, as the original does.
//
// Invariants: at most `contactsMax` contacts for each configured DN, the preferred first, every
// text in them of limited length; a DN with an end is armed in `expiries` no later than its first
// end; a reply other than 200 has changed no binding. Who may change it: `handle`, `advance`,
// `restore`, `lapse` and `mark` only. What they do to contacts is in Registrar+Contacts.swift.
// Source: RFC 3261 10.3, 3327, 5626; DOMAIN 3.2 and 8.15-8.17; decision 7 of DOMAIN.

public import Engine

/// One extension as the registrar sees it.
public struct RegistrarExtension: Sendable {
  /// Its number.
  public var dn: DN
  /// Its password; nil: only trusted peers may register it.
  public var password: String?
  /// Its fixed address; such an extension does not register.
  public var contact: String?
  /// How its fixed address is watched; nil: it is not.
  public var monitor: MonitorPlan?

  /// Makes an extension.
  public init(_ dn: DN, password: String? = nil, contact: String? = nil) {
    self.dn = dn
    self.password = password
    self.contact = contact
  }
}

/// The registrar's limits.
public struct RegistrarSettings: Sendable, Hashable {
  /// The least seconds that are granted; fewer are answered with 423.
  ///
  /// At most 3600 (RFC 3261 10.3 step 7).
  public var minExpires: UInt32 = 10
  /// The seconds granted to a phone that asks for none.
  public var defaultExpires: UInt32 = 300
  /// The most seconds that are granted.
  public var maxExpires: UInt32 = 3600
  /// Within how many seconds a phone with a flow of its own is to be heard on its connection
  /// (RFC 5626 5.4); 0: whenever it likes.
  public var flowTimer: UInt32 = 120
  /// How many contacts a DN may have at the same time; the newest stay.
  public var contactsMax = 1
  /// The longest URI that is stored, in bytes.
  public var contactLengthMax = 512
  /// The most bytes of a contact's own parameters that are stored; longer ones are left out.
  public var parametersLengthMax = 512
  /// The most Contact values in one request.
  public var contactCountMax = 8
  /// The most Path values in one request.
  public var pathCountMax = 8
  /// The longest Call-ID that is stored, in bytes.
  public var callIDLengthMax = 256
  /// The hosts that an address of record may have; empty: any, as phones put our IP address there.
  public var hosts: Set<String> = []
  /// What a phone is told to put before its requests (RFC 3608), in order.
  public var serviceRoutes: [String] = []

  /// Makes settings with the usual limits.
  public init() {}
}

/// Keeps where the extensions are reached, and knows who may say so.
///
/// Call `advance(to:)` before `handle` and whenever `nextDeadline` has come. Instants never go
/// back.
public struct Registrar: ~Copyable, Sendable {
  /// A contact with its URI in parts.
  struct Contact: Sendable {
    var binding: Binding
    var uri: ContactURI?
  }

  struct Line: Sendable {
    var dn: DN
    var isFixed: Bool
    var hasPassword: Bool
    /// The preferred first; of the equally preferred, the newest.
    var contacts: [Contact] = []
    /// Whether monitoring has found it out of service.
    var isOut = false
    /// Whether it is among those that have changed.
    var isTouched = false
    /// Whether what happens to its contacts is told to somebody.
    var isWatched = false
  }

  let settings: RegistrarSettings
  var lines: [Line] = []
  var expiries: DeadlineHeap
  /// What has happened to watched DNs; whoever watches takes it.
  var news: [ContactNews] = []
  var lastID: UInt64 = 0
  private var slots = DNTable()
  private var authenticator: DigestAuthenticator
  /// The DNs whose contacts have changed since `forgetTouched`, for whoever remembers them.
  public var touched: [DN] { touchedSlots.map { lines[$0].dn } }
  /// Whether anybody remembers them; else there are none.
  public var keepsTouched = true
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
      slots[item.dn] = Int32(lines.count)
      var line = Line(
        dn: item.dn,
        isFixed: item.contact != nil,
        hasPassword: item.password != nil
      )
      if let uri = item.contact {
        let binding = Binding(uri: uri, received: nil, expiresAt: nil, callID: "", cseq: 0)
        line.contacts = [Contact(binding: binding)]
      }
      lines.append(line)
      if let password = item.password {
        accounts.append(DigestAccount(user: item.dn.number, password: password))
      }
    }
    fixedDNs = lines.filter(\.isFixed).map(\.dn)
    expiries = DeadlineHeap(slotCount: lines.count)
    authenticator = try DigestAuthenticator(digest, accounts: accounts)
  }

  /// The instant at which `advance(to:)` must be called next; nil when nothing is registered.
  ///
  /// Never later than the next expiry; it may be earlier when a phone has refreshed in the
  /// meantime.
  public var nextDeadline: Instant? { expiries.nextDeadline }

  /// Tells where a DN is reached; nil when it is not in service at this instant, or unknown.
  public func binding(of dn: DN, at now: Instant) -> Binding? {
    contact(of: dn, rank: 0, at: now)
  }

  /// Tells where a DN is reached in the so-manieth place; nil when there are not so many contacts.
  public func contact(of dn: DN, rank: Int, at now: Instant) -> Binding? {
    guard let slot = slots.index(of: dn), !lines[slot].isOut else { return nil }
    var left = rank
    for contact in lines[slot].contacts where contact.isAlive(at: now) {
      if left == 0 { return contact.binding }
      left -= 1
    }
    return nil
  }

  /// Tells whether a DN has more than one contact, alive or not.
  func hasSeveralContacts(_ dn: DN) -> Bool {
    slots.index(of: dn).map { lines[$0].contacts.count > 1 } ?? false
  }

  /// Tells where a DN is reached, the preferred contact first; empty when it is out of service.
  public func contacts(of dn: DN, at now: Instant) -> [Binding] {
    guard let slot = slots.index(of: dn), !lines[slot].isOut else { return [] }
    return lines[slot].contacts.filter { $0.isAlive(at: now) }.map(\.binding)
  }

  /// Tells whether this is a configured extension, in service or not.
  public func isExtension(_ dn: DN) -> Bool { slots[dn] != nil }

  /// Decides whether a request of another method may pass; the reply's code, 401 or 407, is the
  /// caller's.
  ///
  /// - Parameters:
  ///   - credentials: All that the request carries.
  ///   - userAgent: The request's User-Agent header, for the challenge.
  ///   - source: The sender's address, of whom guessing is remembered.
  ///   - now: The present instant.
  /// - Returns: The user, or how to answer.
  public mutating func admit(
    _ credentials: [Credentials],
    userAgent: String?,
    source: String = "",
    at now: Instant
  ) -> Admission {
    authenticator.admit(credentials, userAgent: userAgent, source: source, at: now)
  }

  /// Removes what has come to its end, and appends the changes in the order of their instants.
  public mutating func advance(to now: Instant, into changes: inout [RegistrationChange]) {
    while let (slot, deadline) = expiries.popDue(at: now) {
      // Compared with the entry's own deadline, not with now: one that was refreshed queues up
      // again, behind those that end before it.
      expire(slot, by: deadline, into: &changes)
      if let end = lines[slot].firstEnd { expiries.arm(slot, noLaterThan: end) }
    }
  }

  /// Serves a REGISTER.
  ///
  /// **Complexity**: independent of the number of bindings for a refresh; O(log n) for a first
  /// registration.
  public mutating func handle(_ request: RegisterRequest, at now: Instant) -> RegisterOutcome {
    guard settings.hosts.isEmpty || settings.hosts.contains(request.host),
      let slot = slots.index(of: request.dn)
    else { return RegisterOutcome(.notFound) }
    var changes: [RegistrationChange] = []
    expire(slot, by: now, into: &changes)
    if let refusal = refusal(of: request, slot: slot, at: now) {
      return RegisterOutcome(refusal, changes: changes)
    }
    var outcome = update(slot, by: request, at: now)
    outcome.changes = changes + outcome.changes
    return outcome
  }

  /// Serves a plain REGISTER in the same way.
  package mutating func handle(_ plain: PlainRegister, at now: Instant) -> RegisterOutcome {
    guard
      settings.hosts.isEmpty || settings.hosts.contains(plain.host.string.lowercased()),
      let slot = slots.index(of: DN(plain.user.string))
    else { return RegisterOutcome(.notFound) }
    var changes: [RegistrationChange] = []
    expire(slot, by: now, into: &changes)
    if let refusal = refusal(of: plain, slot: slot, at: now) {
      return RegisterOutcome(refusal, changes: changes)
    }
    if changes.isEmpty, let refreshed = refresh(slot, by: plain, at: now) {
      return RegisterOutcome(.registered([refreshed]))
    }
    var outcome = update(slot, by: RegisterRequest(plain), at: now)
    outcome.changes = changes + outcome.changes
    return outcome
  }

  /// Forgets which bindings have changed.
  public mutating func forgetTouched() {
    for slot in touchedSlots { lines[slot].isTouched = false }
    touchedSlots.removeAll(keepingCapacity: true)
  }

  /// Whether `touched` has any.
  public var hasTouched: Bool { !touchedSlots.isEmpty }

  mutating func touch(_ slot: Int) {
    guard keepsTouched, !lines[slot].isTouched else { return }
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
    guard let slot = slots.index(of: dn), !lines[slot].isFixed, let end = binding.expiresAt,
      lines[slot].contacts.count < settings.contactsMax, let uri = ContactURI(binding.uri)
    else { return false }
    var restored = binding
    lastID += 1
    restored.id = lastID
    insert(Contact(binding: restored, uri: uri), at: slot)
    expiries.arm(slot, noLaterThan: end)
    return true
  }

  /// Says what monitoring found about a DN with a fixed contact.
  ///
  /// - Returns: The change, if it is one.
  mutating func mark(_ dn: DN, isOut: Bool) -> RegistrationChange? {
    guard let slot = slots.index(of: dn), lines[slot].isFixed, lines[slot].isOut != isOut else {
      return nil
    }
    lines[slot].isOut = isOut
    if let contact = lines[slot].contacts.first {
      tell(isOut ? .deactivated : .created, contact.binding, at: slot)
    }
    return isOut ? .outOfService(dn) : .inService(dn)
  }

  /// Drops the contacts whose flow was this connection: nothing has been heard on it in time.
  mutating func lapse(
    _ dn: DN,
    on connection: UInt64,
    into changes: inout [RegistrationChange]
  ) {
    guard let slot = slots.index(of: dn) else { return }
    lapse(slot, on: connection, into: &changes)
  }

  /// Begins or stops telling what happens to a DN's contacts.
  mutating func watch(_ dn: DN, _ isWatched: Bool) {
    if let slot = slots.index(of: dn) { lines[slot].isWatched = isWatched }
  }

  // MARK: Who may

  private mutating func refusal(
    of request: RegisterRequest,
    slot: Int,
    at now: Instant
  ) -> RegisterReply? {
    if lines[slot].isFixed { return .forbidden }
    guard lines[slot].hasPassword else { return request.trusted ? nil : .forbidden }
    let admission = authenticator.admit(
      request.credentials,
      userAgent: request.userAgent,
      // A trusted proxy speaks for many, who are not to be locked out for one of them.
      source: request.trusted ? "" : request.source?.host ?? "",
      at: now
    )
    return refusal(admission, of: request.dn)
  }

  private mutating func refusal(
    of plain: PlainRegister,
    slot: Int,
    at now: Instant
  ) -> RegisterReply? {
    if lines[slot].isFixed { return .forbidden }
    guard lines[slot].hasPassword else { return plain.isTrusted ? nil : .forbidden }
    let admission = authenticator.admit(
      plain.credentials,
      of: ByteView("REGISTER"),
      userAgent: plain.userAgent,
      source: plain.isTrusted ? .empty : plain.sourceHost,
      at: now
    )
    return refusal(admission, of: lines[slot].dn)
  }

  private func refusal(_ admission: Admission, of dn: DN) -> RegisterReply? {
    switch admission {
    case .admitted(let user): user == dn.number ? nil : .forbidden
    case .challenged(let challenges): .unauthorized(challenges)
    case .malformed: .badRequest
    case .lockedOut(let seconds): .lockedOut(retryAfter: seconds)
    case .tooMany(let seconds): .tooMany(retryAfter: seconds)
    }
  }
}
