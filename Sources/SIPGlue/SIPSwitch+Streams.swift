// What comes and goes by connections (TCP, TLS): the switch decides about them, the transport has
// the sockets.
//
// The transport tells the switch what happened (`accept`, `connected`, `receive`, `lost`) and finds
// what it is to do among the messages in `outgoing`, in their order: connect, send, close. It keeps
// a connection, with whatever waits for it, until it is told to close it.

package import Engine

extension SIPSwitch {
  /// A peer has connected.
  ///
  /// - Returns: The connection's number; nil when it is to be closed at once.
  package mutating func accept(from peer: Endpoint, at now: Instant) -> UInt64? {
    outgoing.connections.now = now
    return outgoing.connections.accept(peer)
  }

  /// A connection that we asked for is there.
  package mutating func connected(_ connection: UInt64, at now: Instant) {
    outgoing.connections.now = now
    outgoing.connections.connected(connection)
  }

  /// A connection is lost, or could not be had.
  package mutating func lost(_ connection: UInt64, at now: Instant) {
    outgoing.connections.now = now
    let before = outgoing.count
    hangUp(connection, at: now)
    noteMessages(sentSince: before, at: now)
  }

  /// Reads what has come on a connection: whole messages, parts of them, keep-alives.
  package mutating func receive(_ bytes: ByteView, on connection: UInt64, at now: Instant) {
    outgoing.connections.now = now
    guard let peer = outgoing.connections.peer(of: connection),
      var (buffer, framer) = outgoing.connections.lend(connection)
    else { return }
    let isWhole: Bool
    if buffer.isEmpty {
      let taken = take(bytes, &framer, from: peer, at: now)
      isWhole = taken != nil
      buffer = bytes.view(from: taken ?? bytes.count, to: bytes.count).array
    } else {
      unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
      let taken = buffer.withByteView { take($0, &framer, from: peer, at: now) }
      isWhole = taken != nil
      buffer.removeFirst(taken ?? buffer.count)
    }
    guard outgoing.connections.contains(connection) else { return }
    let hasRoom = outgoing.connections.giveBack(connection, buffer: buffer, framer: framer)
    guard isWhole, hasRoom else {
      outgoing.connections.noteBroken()
      return hangUp(connection, at: now)
    }
  }

  /// Reads the messages that are whole.
  ///
  /// - Returns: How many bytes they have; nil when the connection cannot be read any further.
  private mutating func take(
    _ bytes: ByteView,
    _ framer: inout StreamFramer,
    from peer: Endpoint,
    at now: Instant
  ) -> Int? {
    var start = 0
    while true {
      let rest = bytes.view(from: start, to: bytes.count)
      switch framer.next(rest) {
      case .incomplete: return start
      case .lineEnd(let length): start += length
      case .ping(let length):
        counters.keepAlives += 1
        outgoing.connections.heard(peer.connection)
        outgoing.append(ByteView("\r\n"), to: peer)
        start += length
      case .message(let length):
        outgoing.connections.heard(peer.connection)
        receive(rest.view(from: 0, to: length), from: peer, at: now)
        start += length
      case .refused(let length, let status):
        counters.received += 1
        counters.malformed += 1
        refuse(rest.view(from: 0, to: length), status, from: peer)
        return nil
      case .garbage:
        counters.malformed += 1
        return nil
      }
    }
  }

  /// Answers a head whose message has no known end; where there is nothing to answer, nothing.
  private mutating func refuse(_ head: ByteView, _ status: UInt16, from source: Endpoint) {
    let received = reader.read(head)
    let envelope = received.envelope
    guard envelope.isRequest, envelope.method != .ack, envelope.viaCount > 0,
      !envelope.topVia.value.isEmpty, !envelope.oddity.contains(.controlByte)
    else { return }
    answerStatelessly(status, to: received, from: source)
  }

  /// Ends a connection; what waited for answers on it learns of it.
  mutating func hangUp(_ connection: UInt64, at now: Instant) {
    guard let wasOpen = outgoing.close(connection) else { return }
    table.connectionLost(
      connection,
      wasOpen: wasOpen,
      at: now,
      into: &outgoing,
      events: &events
    )
    takeEvents(at: now)
  }

  /// How many connections there are.
  public var connectionCount: Int { outgoing.connections.count }

  /// What has become of connections so far.
  package var connectionCounters: ConnectionTable.Counters { outgoing.connections.counters }
}

extension ConnectionTable.Limits {
  /// The part of the line side's limits that is about connections.
  init(_ limits: SIPLimits, _ registrar: RegistrarSettings) {
    self.init()
    flowMax = .seconds(Int64(registrar.flowTimer)) + limits.flowGrace
    connectionsMax = limits.connectionsMax
    perPeerMax = limits.connectionsPerPeerMax
    heldMax = limits.unfinishedBytesMax
    connectingMax = limits.connectTimeMax
    silentMax = limits.connectionSilenceMax
    partialMax = limits.messageTimeMax
    idleMax = limits.connectionIdleMax
  }
}

extension Endpoint {
  /// An address of ours; nil when its host is no IP address.
  init?(_ listener: SIPListener) {
    let transport: SIPTransport =
      switch listener.transport {
      case .udp: .udp
      case .tcp: .tcp
      case .tls: .tls
      }
    let port = listener.port
    guard let own = listener.host.withByteView({ Endpoint(address: $0, port: port) }) else {
      return nil
    }
    self = own.by(transport)
  }
}

extension SIPSwitch {
  /// Shows every message that waits to be sent, and every connection to open or close, in order,
  /// and forgets them; for tests that have no sockets.
  package mutating func drain(
    _ body: (_ message: ByteView, _ destination: Endpoint, _ deed: OutgoingQueue.Deed) -> Void
  ) {
    sayTrying()
    for index in 0..<outgoing.count {
      let (bytes, destination) = outgoing[index]
      body(bytes, destination, outgoing.deed(at: index))
    }
    outgoing.removeAll()
  }

  /// Bytes of unfinished messages on all connections.
  package var unfinishedBytes: Int { outgoing.connections.heldBytes }

  /// Whether nothing is left of any connection.
  package var hasNoConnections: Bool {
    outgoing.connections.isEmpty && table.awaitedConnections == 0
  }
}
