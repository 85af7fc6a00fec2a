// A REGISTER as nearly all are: one contact, at most one Authorization, nothing for libosip2.
//
// Read where it lies; nothing is allocated. What is not plain (several contacts or none, a device
// with flows, a path, escapes, quotes in parameters) makes it nil, and the request is read as
// `RegisterRequest`. A differential test holds the two against each other.
// Source: RFC 3261 10.2, 20.10.

internal import Engine

/// A REGISTER that binds one contact, as slices of its bytes.
package struct PlainRegister {
  /// The user and host of To.
  package var user: ByteView
  package var host: ByteView
  package var callID: ByteView
  package var sequence: UInt32
  /// The Contact's URI.
  package var uri: ByteView
  /// The Contact's own parameters but `expires`: those before and those behind it.
  package var parameters: (ByteView, ByteView)
  /// The `expires` parameter.
  package var contactExpires: UInt32?
  /// The Expires header.
  package var expires: UInt32?
  /// The `q` parameter, in thousandths.
  package var q: UInt16?
  /// Nil when there are none.
  package var credentials: DigestFields?
  package var isRelayed: Bool
  /// Where the packet came from, and its address in text.
  package var source = Endpoint.unspecified
  package var sourceHost = ByteView.empty
  package var isTrusted = false
  private let headerLines: ByteView

  /// Reads a REGISTER; nil when it is not plain.
  package init?(_ received: borrowing Received) {
    let bytes = received.bytes
    let envelope = received.envelope
    guard envelope.contactLines == 1, envelope.authorizationLines <= 1, !envelope.hasPath else {
      return nil
    }
    let address = bytes[envelope.to.uri]
    guard address.isPlainURI, let to = SIPURI(address), to.scheme == .sip || to.scheme == .sips
    else { return nil }
    user = address[to.user]
    host = address[to.host]
    callID = bytes[envelope.callID]
    sequence = envelope.sequence
    isRelayed = envelope.viaCount > 1
    headerLines = bytes[envelope.headerLines]
    if envelope.expires >= 0 { expires = UInt32(clamping: envelope.expires) }
    if envelope.authorizationLines == 1 {
      guard let fields = DigestFields(bytes[envelope.authorization]) else { return nil }
      credentials = fields
    }
    let contact = bytes[envelope.contact]
    let open = contact.position(of: UInt8(ascii: "<"), from: 0, to: contact.count)
    let close = contact.position(of: UInt8(ascii: ">"), from: open, to: contact.count)
    // A display name may hold anything when it is in quotes.
    guard close < contact.count, open == 0 || contact[0] != UInt8(ascii: "\"") else { return nil }
    var index = 0
    while index < open {
      guard contact[index] == 0x20 || contact[index].isTokenByte else { return nil }
      index = max(index + 1, contact.end(of: .token, from: index, to: open))
    }
    uri = contact.view(from: open + 1, to: close)
    parameters = (.empty, .empty)
    guard uri.isWrittenBackAsIs, takeParameters(contact.view(from: close + 1, to: contact.count))
    else { return nil }
  }

  /// The User-Agent header.
  package var userAgent: String? {
    var found: String?
    HeaderLines.forEach(in: headerLines) { name, line in
      guard found == nil, name.equalsIgnoringCase("user-agent") else { return }
      found = HeaderLines.value(of: line).string
    }
    return found
  }

  /// Reads ";name=value;name" without blanks and quotes; false when it is anything else.
  private mutating func takeParameters(_ text: ByteView) -> Bool {
    var hasExpires = false
    var index = 0
    while index < text.count {
      let start = index
      guard text[start] == UInt8(ascii: ";") else { return false }
      index = text.end(of: .token, from: start + 1, to: text.count)
      let name = text.view(from: start + 1, to: index)
      var value = ByteView.empty
      if index < text.count, text[index] == UInt8(ascii: "=") {
        let valueStart = index + 1
        index = text.end(of: .token, from: valueStart, to: text.count)
        value = text.view(from: valueStart, to: index)
        guard !value.isEmpty else { return false }
      }
      guard !name.isEmpty else { return false }
      if name.equalsIgnoringCase("expires") {
        guard !hasExpires, let number = value.decimal(atMost: UInt64(UInt32.max)) else {
          return false
        }
        hasExpires = true
        contactExpires = UInt32(number)
        parameters = (text.view(from: 0, to: start), text.view(from: index, to: text.count))
      } else if name.equalsIgnoringCase("q") {
        guard q == nil, let thousandths = SIPMessage.thousandths(value.string) else { return false }
        q = thousandths
      } else if name.equalsIgnoringCase("reg-id") || name.equalsIgnoringCase("+sip.instance") {
        return false
      }
    }
    if !hasExpires { parameters.0 = text }
    return true
  }
}

extension RegisterRequest {
  /// Copies what a plain one says.
  package init(_ plain: PlainRegister) {
    self.init(
      dn: DN(plain.user.string),
      host: plain.host.string.lowercased(),
      callID: plain.callID.string,
      cseq: plain.sequence
    )
    var contact = RegisterContact(plain.uri.string, expires: plain.contactExpires, q: plain.q)
    contact.parameters = plain.parameters.0.string + plain.parameters.1.string
    contacts = [contact]
    expires = plain.expires
    isRelayed = plain.isRelayed
    trusted = plain.isTrusted
    flow = plain.source
    source = PeerAddress(host: plain.sourceHost.string, port: plain.source.port)
  }
}

extension ByteView {
  /// Whether libosip2 writes the URI back as it is: no escapes, nothing that it escapes.
  fileprivate var isWrittenBackAsIs: Bool {
    guard isPlainURI, view(from: 0, to: 4).equals("sip:") || view(from: 0, to: 5).equals("sips:"),
      let parts = SIPURI(self), self[parts.user].isAll(.token), !self[parts.user].contains(0x60)
    else { return false }
    var index = parts.parameters.isEmpty ? count : parts.parameters.start
    while index < count {
      guard self[index] == UInt8(ascii: ";") else { return false }
      let nameEnd = end(of: .host, from: index + 1, to: count)
      guard nameEnd > index + 1 else { return false }
      index = nameEnd
      guard index < count, self[index] == UInt8(ascii: "=") else { continue }
      index = end(of: .host, from: nameEnd + 1, to: count)
      guard index > nameEnd + 1 else { return false }
    }
    return true
  }

  private func contains(_ byte: UInt8) -> Bool { position(of: byte, from: 0, to: count) < count }
}
