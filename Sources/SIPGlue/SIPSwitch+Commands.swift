// What the engine wants, done on the line.

internal import Engine

extension SIPSwitch {
  mutating func run(_ command: LineCommand, at now: Instant) {
    switch command {
    case .divert(let conn, let attempt, let destination, let mode):
      guard let slot = map.call(conn) else { return }
      divert(slot, attempt, to: destination, mode, at: now)
    case .alsoName(let conn, let attempt, let places): alsoNamed = (attempt, conn, places)
    case .cancelDiversion(let conn, let attempt, let failure):
      guard let slot = map.call(conn), calls[slot].attempt == attempt else { return }
      takeBack(slot, after: failure, at: now)
    case .queued(let conn, _, _):
      guard let slot = map.call(conn), calls[slot].phase != .talking else { return }
      calls[slot].isQueued = true
      touch(call: slot)
      sayStillWaiting(slot, at: now)
    case .dequeued(let conn):
      guard let slot = map.call(conn) else { return }
      calls[slot].isQueued = false
      touch(call: slot)
    case .reject(let conn, let status):
      guard let slot = map.call(conn) else { return }
      dismiss(slot, (300...699).contains(status) ? status : 480, at: now)
    case .release(let conn):
      guard let slot = map.call(conn) else { return }
      dismiss(slot, 480, at: now)
    case .transfer(let consult, let held): transfer(consult, into: held, at: now)
    case .applyTreatment(let conn, let treatment, _):
      guard map.call(conn) != nil else { return }
      let reason = "there is no media server"
      signals.append(.treatmentNotApplied(conn, treatment: treatment, reason: reason))
    case .readHeader(let conn, let name):
      guard let slot = map.call(conn) else { return }
      signals.append(.header(conn, header(name, of: slot)))
    }
  }

  /// Ends a call because the engine says so; an unanswered caller gets this status.
  private mutating func dismiss(_ slot: Slot, _ status: UInt16, at now: Instant) {
    if calls[slot].phase != .talking, !calls[slot].isAnswered {
      reply(to: calls[slot].transaction, status, tag: calls[slot].localTag, at: now)
    }
    if !transfers.isEmpty { failTransfer(by: slot, status, at: now) }
    guard calls.contains(slot) else { return }
    end(slot, by: nil, at: now)
  }

  private mutating func divert(
    _ slot: Slot,
    _ attempt: UInt32,
    to destination: Destination,
    _ mode: DivertMode,
    at now: Instant
  ) {
    let conn = calls[slot].conn
    guard calls[slot].phase != .talking else {
      // Two who talk are not taken apart.
      return signals.append(.diversionFailed(conn, attempt: attempt, .cancelled))
    }
    if calls[slot].phase == .diverting { takeBack(slot, after: .cancelled, at: now) }
    calls[slot].attempt = attempt
    calls[slot].diversions += 1
    calls[slot].reached = nil
    calls[slot].rank = 0
    if case .dn(let dn) = destination { calls[slot].reached = dn }
    touch(call: slot)
    if !transfers.isEmpty, joinsNewcomer(slot, at: now) { return }
    if mode == .redirect, !alsoNamed.places.isEmpty {
      let named = alsoNamed
      alsoNamed.places = []
      if named.conn == conn, named.attempt == attempt, !calls[slot].isAnswered {
        return redirect(slot, to: [destination] + named.places, at: now)
      }
    }
    let redirects = mode == .redirect && !calls[slot].isAnswered
    var place = find(destination, redirects: redirects, at: now)
    while case .failure = place, hasNextContact(slot, at: now) {
      calls[slot].rank += 1
      place = find(destination, rank: Int(calls[slot].rank), redirects: redirects, at: now)
    }
    switch place {
    case .failure(let failure):
      calls[slot].lastFailure = failure.reason
      signals.append(.diversionFailed(conn, attempt: attempt, failure.reason))
    case .success(nil): redirect(slot, at: now)
    case .success(let hop?):
      sayTrying(slot, at: now)
      bridge(slot, to: hop, at: now)
    }
  }

  /// Finds where a destination is; a caller who is sent there finds the address himself.
  private mutating func find(
    _ destination: Destination,
    rank: Int = 0,
    redirects: Bool,
    at now: Instant
  ) -> Result<Endpoint?, Unresolved> {
    if redirects { return name(destination, rank: rank, at: now).map { _ in nil } }
    return resolve(destination, rank: rank, at: now).map { $0 }
  }

  /// Takes the diversion under way back; an answer that crosses is ended by the leg itself.
  private mutating func takeBack(_ slot: Slot, after failure: RouteFailure, at now: Instant) {
    switch calls[slot].phase {
    case .waiting: return
    case .talking:
      // The answer was faster than the command: the caller is connected, and that ends now.
      end(slot, by: .line, at: now)
    case .diverting:
      if !transfers.isEmpty { leaveJoin(of: slot, at: now) }
      abortRenegotiation(of: slot, at: now)
      forgetDetour(of: slot)
      calls[slot].phase = .waiting
      calls[slot].lastFailure = failure
      touch(call: slot)
      let isNoAnswer = failure == .noAnswer || failure == .timeout
      if let target = calls[slot].target {
        hangUp(target, because: isNoAnswer ? .noAnswer : .takenBack, at: now)
      }
      calls[slot].target = nil
      if calls[slot].isQueued { sayStillWaiting(slot, at: now) }
    }
  }

  /// Why a destination has no address.
  struct Unresolved: Error {
    var reason: RouteFailure
  }

  /// Finds where a destination is; its URI is in `targetURI` afterwards.
  mutating func resolve(
    _ destination: Destination,
    rank: Int,
    at now: Instant
  ) -> Result<Endpoint, Unresolved> {
    switch name(destination, rank: rank, at: now) {
    case .failure(let unresolved): return .failure(unresolved)
    case .success(let binding):
      let hop: Endpoint?
      if let binding {
        hop = self.hop(to: binding)
      } else {
        hop = NextHop.endpoint(of: targetURI.bytes, unsaid: standardTransport)
      }
      // A name and no DNS, or no URI at all.
      guard let hop else { return .failure(Unresolved(reason: .unreachable)) }
      return .success(hop)
    }
  }

  /// Finds what a destination is called: its URI is in `targetURI` afterwards, and the proxies
  /// before it in `targetRoutes`.
  ///
  /// - Returns: The contact of the DN; nil for a number behind a trunk.
  mutating func name(
    _ destination: Destination,
    rank: Int,
    at now: Instant
  ) -> Result<Binding?, Unresolved> {
    targetURI.removeAll()
    targetRoutes.removeAll()
    switch destination {
    case .dn(let dn):
      guard registrar.isExtension(dn) else { return .failure(Unresolved(reason: .noSuchTarget)) }
      guard let binding = registrar.contact(of: dn, rank: rank, at: now), !isCutOff(binding)
      else { return .failure(Unresolved(reason: .unreachable)) }
      targetURI.write(text: binding.uri)
      guard targetURI.bytes.isSIPAddress else {
        return .failure(Unresolved(reason: .unreachable))
      }
      for proxy in binding.path { targetRoutes.header("Route", proxy) }
      return .success(binding)
    case .trunk(let name, let number):
      guard let trunk = plan.trunks.first(where: { $0.name == name }), trunk.takes(number),
        !number.isEmpty
      else { return .failure(Unresolved(reason: .noSuchTarget)) }
      trunk.uri.withByteView { text in
        guard let uri = SIPURI(text), uri.scheme == .sip || uri.scheme == .sips else { return }
        targetURI.write(uri.scheme == .sip ? "sip:" : "sips:")
        number.withByteView { targetURI.writeUser($0) }
        targetURI.write(byte: UInt8(ascii: "@"))
        targetURI.write(text.view(from: uri.host.start, to: text.count))
      }
      guard targetURI.count > 0 else { return .failure(Unresolved(reason: .unreachable)) }
      return .success(nil)
    }
  }

  /// Whether a phone behind an address translator has lost the connection that it registered on:
  /// nobody can connect to it (RFC 5626 5.3).
  private func isCutOff(_ binding: Binding) -> Bool {
    guard let flow = binding.flow, flow.transport.isStream, binding.received != nil else {
      return false
    }
    return !outgoing.connections.contains(flow.connection)
  }

  /// Where a phone is reached whose contact is in `targetURI`: through the proxies in
  /// `targetRoutes`, on the connection or from the socket that it registered on, behind its address
  /// translator, or nil: where its contact says.
  private func hop(to binding: Binding) -> Endpoint? {
    let flow = binding.flow.flatMap { $0.transport.isStream ? $0 : nil }
    if !binding.path.isEmpty {
      var proxy = RouteValues.firstHop(in: targetRoutes.bytes, unsaid: standardTransport)
      // The connection is the last proxy's, which need not be the first one of the way back.
      if let flow, let found = proxy, found.transport == flow.transport,
        found.hasSameAddress(as: flow)
      {
        proxy?.connection = flow.connection
      }
      if proxy?.transport == .udp { proxy?.connection = binding.socket }
      return proxy
    }
    let unsaid = flow?.transport ?? standardTransport
    var hop = NextHop.endpoint(of: targetURI.bytes, unsaid: unsaid)
    if let peer = binding.received,
      let behind = peer.host.withByteView({ Endpoint(address: $0, port: peer.port) })
    {
      hop = behind.by(hop?.transport ?? unsaid)
    }
    if let flow, hop?.transport == flow.transport { hop?.connection = flow.connection }
    if hop?.transport == .udp { hop?.connection = binding.socket }
    return hop
  }

  /// A header of the caller's INVITE; never one that proves his password.
  private func header(_ name: String, of slot: Slot) -> String? {
    let invite = calls[slot].invite.bytes
    var found: String?
    name.withByteView { wanted in
      guard !CredentialMask.covers(wanted) else { return }
      let short = Self.compactForm(of: wanted)
      HeaderLines.forEach(in: invite[calls[slot].envelope.headerLines]) { name, line in
        guard found == nil else { return }
        let isShort = name.count == 1 && short == name[0].lowercased
        guard isShort || name.equalsIgnoringCase(wanted) else { return }
        found = HeaderLines.value(of: line).string
      }
    }
    return found
  }

  /// The one-letter name of a header (RFC 3261 7.3.3 and later); 0 when there is none.
  private static func compactForm(of name: ByteView) -> UInt8 {
    let forms: [(StaticString, UInt8)] = [
      ("call-id", 0x69), ("contact", 0x6D), ("content-encoding", 0x65), ("content-length", 0x6C),
      ("content-type", 0x63), ("from", 0x66), ("subject", 0x73), ("supported", 0x6B),
      ("to", 0x74), ("via", 0x76), ("refer-to", 0x72), ("referred-by", 0x62), ("event", 0x6F),
      ("session-expires", 0x78), ("request-disposition", 0x64), ("identity", 0x79),
    ]
    return forms.first { name.equalsIgnoringCase($0.0) }?.1 ?? 0
  }
}

extension ByteView {
  /// Whether a URI is one that calls can go to.
  fileprivate var isSIPAddress: Bool {
    hasPrefixIgnoringCase("sip:") || hasPrefixIgnoringCase("sips:")
  }
}

extension MessageWriter {
  /// Appends text as the user part of a URI: what may stand there unescaped stays (RFC 3261 25.1).
  mutating func writeUser(_ text: ByteView) {
    for index in 0..<text.count {
      switch text[index] {
      case UInt8(ascii: "+"), UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "$"),
        UInt8(ascii: ","), UInt8(ascii: "/"):
        write(byte: text[index])
      default:
        writeEscaped(text.view(from: index, to: index + 1))
      }
    }
  }
}
