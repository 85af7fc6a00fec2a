// REGISTER: decided by the registrar, answered before the engine hears of it.

public import Engine

extension SIPSwitch {
  /// Whether `takeRegistrations` will be asked; else nothing is noted for it.
  public var keepsRegistrations: Bool {
    get { registrar.keepsTouched }
    set { registrar.keepsTouched = newValue }
  }

  /// Shows where the extensions are reached whose registration has changed since the last time;
  /// none: nowhere any more.
  public mutating func takeRegistrations(at now: Instant, _ show: (DN, [Binding]) -> Void) {
    guard registrar.hasTouched else { return }
    for dn in registrar.touched { show(dn, registrar.contacts(of: dn, at: now)) }
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
    var path: [String] = []
    let outcome: RegisterOutcome
    if var plain = PlainRegister(received) {
      scratch.removeAll()
      scratch.write(addressOf: source)
      plain.source = source
      plain.sourceHost = scratch.bytes.withoutBrackets
      plain.isTrusted = isTrusted(source)
      outcome = registrar.handle(plain, at: now)
    } else if var request = RegisterRequest(reading: received) {
      request.trusted = isTrusted(source)
      request.flow = source
      request.source = PeerAddress(host: Self.text(ofAddress: source), port: source.port)
      path = request.path
      outcome = registrar.handle(request, at: now)
      // A proxy on the way has flows of its own.
      if outcome.usesOutbound, source.transport.isStream, !request.isRelayed,
        plan.registrar.flowTimer > 0
      {
        lines.header("Flow-Timer", decimal: UInt64(plan.registrar.flowTimer))
        outgoing.connections.expect(request.dn, on: source.connection)
      }
    } else {
      return turnAway(received, handle, 400, from: source)
    }
    writeHeaders(of: outcome, path: path)
    let status = UInt16(outcome.reply.status)
    switch outcome.reply {
    case .registered, .intervalTooBrief, .noOutbound, .outOfOrder, .contactTooLong:
      reply(to: handle, status, tag: tokens.next(), at: now)
    case .badRequest, .unauthorized, .forbidden, .notFound, .lockedOut, .tooMany:
      // Whoever has not shown who he is gets no memory of ours.
      turnAway(received, handle, status, from: source)
    }
    // The 200 goes first (DOMAIN 8.17).
    changes.append(contentsOf: outcome.changes)
    signalChanges()
    tellSubscribers(at: now)
  }

  /// Nothing has come on a connection in time: it ends, and so do the registrations of phones that
  /// had promised to be heard there.
  mutating func lapse(_ connection: UInt64, at now: Instant) {
    for dn in outgoing.connections.expected(on: connection) {
      registrar.lapse(dn, on: connection, into: &changes)
    }
    hangUp(connection, at: now)
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

  private mutating func writeHeaders(of outcome: RegisterOutcome, path: [String]) {
    switch outcome.reply {
    case .registered(let contacts):
      for contact in contacts {
        lines.write("Contact: <")
        lines.write(text: contact.uri)
        lines.write(">;expires=")
        lines.write(decimal: UInt64(contact.expires))
        lines.write(text: contact.parameters)
        lines.write("\r\n")
      }
      if let first = contacts.first { lines.header("Expires", decimal: UInt64(first.expires)) }
      for proxy in path { lines.header("Path", proxy) }
      for proxy in plan.registrar.serviceRoutes { lines.header("Service-Route", proxy) }
      if outcome.usesOutbound { lines.header("Require", "outbound") }
    case .unauthorized(let challenges):
      for challenge in challenges {
        lines.write("WWW-Authenticate: ")
        lines.write(text: challenge.headerValue)
        lines.write("\r\n")
      }
    case .intervalTooBrief(let seconds):
      lines.header("Min-Expires", decimal: UInt64(seconds))
    case .lockedOut(let seconds), .tooMany(let seconds):
      counters.lockouts += 1
      lines.header("Retry-After", decimal: UInt64(seconds))
    case .badRequest, .forbidden, .notFound, .noOutbound, .outOfOrder, .contactTooLong: break
    }
  }

  /// The digest credentials of a request.
  static func credentials(in received: borrowing Received, proxy: Bool) -> [Credentials] {
    let envelope = received.envelope
    guard !(proxy ? envelope.proxyAuthorization : envelope.authorization).isEmpty,
      let message = try? SIPMessage(parsing: received.bytes)
    else { return [] }
    return Credentials.all(
      of: message,
      method: received.bytes[envelope.methodText].string,
      proxy: proxy
    )
  }

  static func text(ofAddress endpoint: Endpoint) -> String {
    var writer = MessageWriter(capacity: 64)
    writer.write(addressOf: endpoint)
    return writer.bytes.withoutBrackets.string
  }
}
