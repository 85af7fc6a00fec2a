// REGISTER: read by libosip2, decided by the registrar, answered before the engine hears of it.

public import Engine

extension SIPSwitch {
  /// Shows where the extensions are reached whose registration has changed since the last time;
  /// nil: nowhere any more.
  public mutating func takeRegistrations(at now: Instant, _ show: (DN, Binding?) -> Void) {
    guard registrar.hasTouched else { return }
    for dn in registrar.touched { show(dn, registrar.binding(of: dn, at: now)) }
    registrar.forgetTouched()
  }

  /// Puts a registration of an earlier run back, before the first datagram.
  ///
  /// - Returns: Whether the site still has the extension, and lets it register.
  public mutating func restore(_ binding: Binding, of dn: DN) -> Bool {
    registrar.restore(binding, of: dn)
  }

  mutating func register(
    _ received: borrowing Received,
    _ handle: TransactionHandle,
    from source: Endpoint,
    at now: Instant
  ) {
    counters.registers += 1
    guard let request = registration(in: received, from: source) else {
      return refuse(handle, 400, at: now)
    }
    let outcome = registrar.handle(request, at: now)
    writeHeaders(of: outcome.reply)
    reply(to: handle, UInt16(outcome.reply.status), tag: tokens.next(), at: now)
    // The 200 goes first (DOMAIN 8.17).
    changes.append(contentsOf: outcome.changes)
    signalChanges()
  }

  /// Tells the engine what became of DNs.
  mutating func signalChanges() {
    for change in changes {
      switch change {
      case .inService(let dn): signals.append(.inService(dn))
      case .outOfService(let dn): signals.append(.outOfService(dn))
      case .contactChanged: break
      }
    }
    changes.removeAll(keepingCapacity: true)
  }

  private func registration(
    in received: borrowing Received,
    from source: Endpoint
  ) -> RegisterRequest? {
    let bytes = received.bytes
    let envelope = received.envelope
    let address = bytes[envelope.to.uri]
    guard let uri = SIPURI(address), uri.scheme == .sip || uri.scheme == .sips,
      let message = try? SIPMessage(parsing: bytes)
    else { return nil }
    var request = RegisterRequest(
      dn: DN(uri.userText(in: address)),
      host: uri.hostText(in: address).lowercased(),
      callID: bytes[envelope.callID].string,
      cseq: envelope.sequence
    )
    for contact in message.contacts {
      if contact.uri == "*" {
        request.wildcard = true
      } else {
        request.contacts.append(
          RegisterContact(contact.uri, expires: contact.expires, q: contact.q)
        )
      }
    }
    if envelope.expires >= 0 { request.expires = UInt32(clamping: envelope.expires) }
    request.credentials = Self.credentials(of: message, method: "REGISTER", proxy: false)
    request.userAgent = envelope.header("user-agent", in: bytes)?.string
    request.trusted = plan.trusted.contains { $0.contains(source) }
    request.flow = source
    request.source = PeerAddress(host: Self.text(ofAddress: source), port: source.port)
    return request
  }

  private mutating func writeHeaders(of reply: RegisterReply) {
    switch reply {
    case .registered(let contacts):
      for contact in contacts {
        lines.write("Contact: <")
        lines.write(contact.uri)
        lines.write(">;expires=")
        lines.write(decimal: UInt64(contact.expires))
        lines.write("\r\n")
      }
      if let first = contacts.first { lines.header("Expires", decimal: UInt64(first.expires)) }
    case .unauthorized(let challenges):
      for challenge in challenges {
        lines.write("WWW-Authenticate: ")
        lines.write(challenge.headerValue)
        lines.write("\r\n")
      }
    case .intervalTooBrief(let seconds):
      lines.header("Min-Expires", decimal: UInt64(seconds))
    case .badRequest, .forbidden, .notFound, .outOfOrder, .contactTooLong: break
    }
  }

  /// The digest credentials of a request.
  static func credentials(in received: borrowing Received, proxy: Bool) -> [Credentials] {
    let envelope = received.envelope
    guard !(proxy ? envelope.proxyAuthorization : envelope.authorization).isEmpty,
      let message = try? SIPMessage(parsing: received.bytes)
    else { return [] }
    return credentials(
      of: message,
      method: received.bytes[envelope.methodText].string,
      proxy: proxy
    )
  }

  private static func credentials(
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

  private static func text(ofAddress endpoint: Endpoint) -> String {
    var writer = MessageWriter(capacity: 64)
    writer.write(addressOf: endpoint)
    return writer.bytes.withoutBrackets.string
  }
}
