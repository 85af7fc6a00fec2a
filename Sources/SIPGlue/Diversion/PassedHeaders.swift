// Which headers go from one side of a call to the other.
//
// What describes our side of a dialog never crosses: Via, Record-Route, Route, Contact, Call-ID,
// tags, numbers. Of the rest, the site's lists decide first (`strip` before `pass`), then the table
// below. Identities (RFC 3325, RFC 7315) mean something among those who trust each other only: they
// go from a trusted caller to a trusted target, whatever the lists say; who was admitted by digest
// is asserted by us. A caller who wants privacy (RFC 3323) is anonymous to a target that is not
// trusted.

internal import Engine

/// The site's choice of headers that a bridge passes on.
public struct HeaderLists: Sendable, Hashable {
  /// Names, lower case; a `*` at the end stands for any rest.
  public var pass: [String]
  /// The same, of headers that are left out; beats `pass`.
  public var strip: [String]

  /// Makes empty lists.
  public init(pass: [String] = [], strip: [String] = []) {
    self.pass = pass
    self.strip = strip
  }

  /// Whether a header can be on a list: those that make up a dialog cannot.
  public static func isChoosable(_ name: String) -> Bool {
    name.withByteView { !$0.isEmpty && !$0.isOfDialog && !$0.equals("*") }
  }

  /// What the lists say about a header; nil: nothing.
  func choice(_ name: ByteView) -> Bool? {
    if Self.lists(strip, name) { return false }
    return Self.lists(pass, name) && !name.isOfDialog ? true : nil
  }

  private static func lists(_ list: [String], _ name: ByteView) -> Bool {
    for entry in list {
      let isListed = entry.withByteView { pattern in
        guard pattern.count > 0, pattern[pattern.count - 1] == UInt8(ascii: "*") else {
          return name.equalsIgnoringCase(pattern)
        }
        let length = pattern.count - 1
        return name.count >= length
          && name.view(from: 0, to: length)
            .equalsIgnoringCase(pattern.view(from: 0, to: length))
      }
      if isListed { return true }
    }
    return false
  }
}

extension SIPSwitch {
  /// Writes the headers of the caller's INVITE that the target is meant to see.
  mutating func writePassedHeaders(of slot: Slot, to hop: Endpoint) {
    let call = calls[slot]
    let isTrusted = plan.trusted.contains { $0.contains(hop) }
    let mayAssert = call.isTrusted && isTrusted
    let chosen = plan.headers
    let invite = call.invite.bytes
    HeaderLines.forEach(in: invite[call.envelope.headerLines]) { name, line in
      guard !name.isEmpty, mayAssert || !name.isIdentity, !name.isCallUUID else { return }
      let passes = chosen.choice(name) ?? (name.passesInINVITE || mayAssert && name.isPrivate)
      if passes { lines.write(line) }
    }
    writeUUID(of: slot)
    guard !call.isTrusted, isTrusted else { return }
    // Admitted by digest: he is who his From says, or his credentials where it says nothing.
    let from = invite[call.envelope.from.uri]
    guard let uri = SIPURI(from) else { return }
    let proof = from.isAnonymous ? DigestFields(invite[call.envelope.proxyAuthorization]) : nil
    guard !from.isAnonymous || proof?.realm.equals(domain.bytes) == true else { return }
    lines.write("P-Asserted-Identity: <sip:")
    lines.write(proof?.username ?? from[uri.user])
    lines.write(byte: UInt8(ascii: "@"))
    lines.write(domain.bytes)
    lines.write(">\r\n")
  }

  /// Writes the headers of a request inside a dialog that the other side is meant to see.
  mutating func writePassedHeaders(of received: borrowing Received) {
    let chosen = plan.headers
    HeaderLines.forEach(in: received.bytes[received.envelope.headerLines]) { name, line in
      guard !name.isEmpty, !name.isIdentity else { return }
      if chosen.choice(name) ?? name.passesInDialog { lines.write(line) }
    }
  }

  /// Whether the caller's name is to be kept from a target.
  func isAnonymous(_ slot: Slot, to hop: Endpoint) -> Bool {
    let call = calls[slot]
    guard !call.invite.bytes[call.envelope.from.uri].isAnonymous else { return true }
    guard !plan.trusted.contains(where: { $0.contains(hop) }) else { return false }
    guard let value = call.envelope.header("privacy", in: call.invite.bytes) else { return false }
    return !value.equalsIgnoringCase("none")
  }

  /// Writes the CallUUID that the events have: the caller's, if he has brought a good one along.
  private mutating func writeUUID(of slot: Slot) {
    let call = calls[slot]
    guard plan.headers.choice(.callUUID) != false else { return }
    lines.write("X-Genesys-CallUUID: ")
    lines.write(call.uuid.high, digits: 12)
    lines.write(call.uuid.middle, digits: 12)
    lines.write(call.uuid.low, digits: 8)
    lines.write("\r\n")
  }
}

extension MessageWriter {
  /// Appends so many digits of 0-9 and A-V, 5 bits each.
  fileprivate mutating func write(_ number: UInt64, digits: UInt64) {
    var shift = digits * 5
    while shift > 0 {
      shift -= 5
      write(byte: ByteView("0123456789ABCDEFGHIJKLMNOPQRSTUV")[Int(number >> shift & 31)])
    }
  }
}

extension ByteView {
  /// Whether an address says that it hides somebody (RFC 3323 4.1.1.3).
  var isAnonymous: Bool {
    let hidden = ByteView("@anonymous.invalid")
    return count > hidden.count && self[count - 1].lowercased == UInt8(ascii: "d")
      && view(from: count - hidden.count, to: count).equalsIgnoringCase(hidden)
  }

  /// Whether the header says who somebody is (RFC 3325).
  fileprivate var isIdentity: Bool {
    equalsIgnoringCase("p-asserted-identity") || equalsIgnoringCase("p-preferred-identity")
      || equalsIgnoringCase("remote-party-id")
  }

  fileprivate static var callUUID: ByteView { ByteView("x-genesys-calluuid") }

  fileprivate var isCallUUID: Bool { equalsIgnoringCase(.callUUID) }

  /// Whether the header is for networks that trust each other (RFC 7315).
  fileprivate var isPrivate: Bool { hasPrefixIgnoringCase("p-") }

  fileprivate var passesInINVITE: Bool {
    switch self[0].lowercased {
    case UInt8(ascii: "a"):
      count == 1 || equalsIgnoringCase("accept-contact") || equalsIgnoringCase("alert-info")
        || equalsIgnoringCase("accept") || equalsIgnoringCase("accept-language")
    case UInt8(ascii: "j"): count == 1
    case UInt8(ascii: "p"): equalsIgnoringCase("privacy") || equalsIgnoringCase("priority")
    case UInt8(ascii: "r"):
      equalsIgnoringCase("reject-contact") || equalsIgnoringCase("recv-info")
    case UInt8(ascii: "s"): count == 1 || equalsIgnoringCase("subject")
    default: passesEverywhere
    }
  }

  fileprivate var passesInDialog: Bool {
    switch self[0].lowercased {
    case UInt8(ascii: "e"): equalsIgnoringCase("event")
    case UInt8(ascii: "i"): equalsIgnoringCase("info-package")
    case UInt8(ascii: "o"): count == 1
    case UInt8(ascii: "r"): equalsIgnoringCase("recv-info")
    case UInt8(ascii: "s"): equalsIgnoringCase("subscription-state")
    default: passesEverywhere
    }
  }

  private var passesEverywhere: Bool {
    switch self[0].lowercased {
    case UInt8(ascii: "c"):
      hasPrefixIgnoringCase("content-") && !equalsIgnoringCase("content-type")
        && !equalsIgnoringCase("content-length")
    case UInt8(ascii: "e"): count == 1
    case UInt8(ascii: "m"): equalsIgnoringCase("mime-version")
    case UInt8(ascii: "u"): equalsIgnoringCase("user-to-user")
    case UInt8(ascii: "x"): hasPrefixIgnoringCase("x-")
    default: false
    }
  }

  /// Whether the header belongs to one side's dialog, transaction or message, and is never passed.
  fileprivate var isOfDialog: Bool {
    let names: [StaticString] = [
      "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "max-forwards",
      "route", "record-route", "content-length", "l", "content-type", "c", "require", "supported",
      "k", "proxy-require", "authorization", "proxy-authorization", "www-authenticate",
      "proxy-authenticate", "rseq", "rack", "session-expires", "x", "min-se", "allow", "path",
      "service-route", "diversion", "history-info",
    ]
    return names.contains { equalsIgnoringCase($0) }
  }
}

extension Received {
  /// Whether Reason gives a SIP status as the cause.
  func hasCause(_ status: UInt64) -> Bool {
    var isThere = false
    forEachToken(of: "reason", or: 0) { value in
      let end = value.position(of: UInt8(ascii: ";"), from: 0, to: value.count)
      guard value.view(from: 0, to: end).trimmed.equalsIgnoringCase("sip") else { return }
      let cause = ParameterWalk(value.view(from: end, to: value.count)).value(of: "cause")
      if cause?.decimal(atMost: 999) == status { isThere = true }
    }
    return isThere
  }

  /// The first header line of this name, line end included; empty when there is none.
  func line(of name: StaticString) -> ByteView {
    var found = ByteView.empty
    HeaderLines.forEach(in: bytes[envelope.headerLines]) { candidate, line in
      if found.isEmpty, candidate.equalsIgnoringCase(name) { found = line }
    }
    return found
  }
}
