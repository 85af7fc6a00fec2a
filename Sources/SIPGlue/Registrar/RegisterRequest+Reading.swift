// A REGISTER of any shape, as libosip2 reads it.

internal import Engine

extension RegisterRequest {
  /// Reads a REGISTER, but for who sent it; nil when it cannot be served.
  package init?(reading received: borrowing Received) {
    let bytes = received.bytes
    let envelope = received.envelope
    let address = bytes[envelope.to.uri]
    guard let uri = SIPURI(address), uri.scheme == .sip || uri.scheme == .sips,
      let message = try? SIPMessage(parsing: bytes)
    else { return nil }
    self.init(
      dn: DN(uri.userText(in: address)),
      host: uri.hostText(in: address).lowercased(),
      callID: bytes[envelope.callID].string,
      cseq: envelope.sequence
    )
    for contact in message.contacts {
      if contact.uri == "*" {
        wildcard = true
      } else {
        contacts.append(RegisterContact(contact))
      }
    }
    path = received.path
    guard path.allSatisfy({ $0.withByteView { NameAddress($0) != nil } }) else { return nil }
    supportsOutbound = received.supports("outbound")
    isRelayed = envelope.viaCount > 1
    if envelope.expires >= 0 { expires = UInt32(clamping: envelope.expires) }
    credentials = Credentials.all(of: message, method: "REGISTER", proxy: false)
    userAgent = envelope.header("user-agent", in: bytes)?.string
  }
}

extension RegisterContact {
  /// A Contact value as the registrar sees it.
  fileprivate init(_ contact: SIPContact) {
    self.init(contact.uri, expires: contact.expires, q: contact.q)
    for parameter in contact.parameters {
      let name = parameter.name.lowercased()
      if name == "expires" { continue }
      parameters += ";" + parameter.name
      guard let value = parameter.value else { continue }
      parameters += "=" + value
      if name == "reg-id" { flow = UInt32(value) }
      if name == "+sip.instance" {
        instance = value.filter { $0 != "\"" && $0 != "\\" }
      }
    }
  }
}

extension Credentials {
  /// All Digest credentials of a message.
  static func all(
    of message: borrowing SIPMessage,
    method: String,
    proxy: Bool
  ) -> [Credentials] {
    message.credentials(proxy: proxy).filter { $0.scheme.lowercased() == "digest" }.map { value in
      var credentials = Credentials(
        method: method,
        username: value.username,
        realm: value.realm,
        nonce: value.nonce,
        answer: DigestAnswer(uri: value.uri, response: value.response)
      )
      credentials.algorithm = value.algorithm.isEmpty ? nil : value.algorithm
      credentials.qop = value.qop.isEmpty ? nil : value.qop
      credentials.nc = value.nonceCount.isEmpty ? nil : value.nonceCount
      credentials.cnonce = value.clientNonce.isEmpty ? nil : value.clientNonce
      credentials.opaque = value.opaque.isEmpty ? nil : value.opaque
      return credentials
    }
  }
}
