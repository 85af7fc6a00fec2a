// The TCP sockets of a line thread, and the TLS sessions on them.
//
// States of a link (a connection's socket): connecting; open; deaf (the peer has ended it, or it is
// broken: nothing is read any more, what can still be sent is). A link goes when its close comes
// along in the outgoing queue, behind everything that was sent before.
// Invariants: the switch decides which connections there are (`ConnectionTable`), their numbers
// are the links' names; a link that the switch has closed is never spoken of again; entries of
// the outgoing queue are dealt with once, in order; no slow peer keeps another waiting.
// Who may change it: the one thread that owns it, together with its switch.
// Source: RFC 3261 18; RFC 5923; ADR 0022.

public import Engine
public import Reactor

/// TCP listeners and connections that feed a switch and send what the switch has written.
@safe
public struct StreamTransport: ~Copyable {
  /// A connection's socket.
  private final class Link {
    let socket: StreamSocket
    let session: TLSSession?
    var interest: Readiness = []
    /// Whether the loop knows it.
    var isWatched = false
    /// Whether it is broken or ended, and the switch knows, or will be told.
    var isDeaf = false

    init(_ socket: StreamSocket, _ session: TLSSession?) {
      self.socket = socket
      self.session = session
    }
  }

  /// What has become of messages so far.
  public struct Counters: Hashable, Sendable {
    /// Messages that came, whole or not.
    public var received = 0
    /// Messages handed to a connection.
    public var sent = 0
    /// Messages whose connection was gone when they were to leave.
    public var unsent = 0
    /// TLS connections that ended by no wish of ours: mistrusted, damaged, or no TLS at all.
    public var insecure = 0

    /// Counters at zero.
    public init() {}
  }

  /// What has become of messages so far.
  public private(set) var counters = Counters()

  private var loop: EventLoop
  private let listeners: [(socket: StreamListener, transport: SIPTransport)]
  private var links: [UInt64: Link] = [:]
  /// Connections that were lost while sending; the switch is told afterwards.
  private var lost: [UInt64] = []
  /// Entries at the front of the outgoing queue that are dealt with already.
  private var handed = 0
  /// Whether accepting is off because the process has no descriptor left, and since when.
  private var isExhausted = false
  private var exhaustedAt: UInt64 = 0
  /// Our side of TLS connections that begin from now on; nil: there are none.
  public var credentials: TLSCredentials?
  private let chunk: UnsafeMutableRawBufferPointer

  private static let chunkBytes = 64 << 10
  /// How long accepting is off when no connection of ours ends: others have descriptors too.
  private static let exhaustedMax: UInt64 = 1_000_000_000
  /// Connections accepted in one go.
  private static let acceptMax = 64
  private static let listenerFlag: UInt64 = 1 << 63

  /// Listens on addresses; none at all is right for a switch that only connects.
  public init(listeners addresses: [SIPListener] = []) throws(ReactorError) {
    var opened: [(socket: StreamListener, transport: SIPTransport)] = []
    for address in addresses {
      let name = "\(address.transport.rawValue) \(address.host):\(address.port)"
      guard let local = SocketAddress(address.host, port: address.port) else {
        throw ReactorError("listen on \(name)", reason: "not a numeric IP address")
      }
      guard let endpoint = Endpoint(address), endpoint.transport.isStream else {
        throw ReactorError("listen on \(name)", reason: "not a transport of connections")
      }
      opened.append((try StreamListener(bindingTo: local), endpoint.transport))
    }
    var loop = try EventLoop()
    for index in opened.indices {
      try loop.add(
        opened[index].socket.descriptor,
        .readable,
        token: EventLoop.Token(Self.listenerFlag | UInt64(index))
      )
    }
    listeners = opened
    self.loop = loop
    unsafe chunk = .allocate(byteCount: Self.chunkBytes, alignment: 16)
  }

  deinit { unsafe chunk.deallocate() }

  /// The descriptor to register with the thread's loop, for reading.
  public var descriptor: Int32 { loop.descriptor }

  /// The addresses that it listens on, in the order in which they were given.
  public var addresses: [SocketAddress] { listeners.map(\.socket.address) }

  /// How many connections there are, those that end included.
  public var connectionCount: Int { links.count }

  /// Whether connections were lost while sending, which `receive` will tell the switch.
  public var hasLost: Bool { !lost.isEmpty }

  // MARK: Receiving

  /// Accepts, connects and receives whatever is ready, and tells the switch.
  public mutating func receive(into telephony: inout SIPSwitch, at now: Instant) {
    for number in lost { telephony.lost(number, at: now) }
    lost.removeAll(keepingCapacity: true)
    let before = telephony.counters.received
    // A deadline that has passed: this only looks.
    let count = (try? loop.wait(until: 0)) ?? 0
    for index in 0..<count {
      let ready = loop.ready(at: index)
      guard !ready.readiness.isEmpty else { continue }
      let token = ready.token.rawValue
      if token & Self.listenerFlag != 0 {
        accept(Int(token & ~Self.listenerFlag), into: &telephony, at: now)
      } else if let link = links[token] {
        serve(link, token, ready.readiness, into: &telephony, at: now)
      }
    }
    counters.received += Int(telephony.counters.received - before)
  }

  private mutating func accept(
    _ index: Int,
    into telephony: inout SIPSwitch,
    at now: Instant
  ) {
    let listener = listeners[index]
    for _ in 0..<Self.acceptMax {
      switch listener.socket.accept() {
      case .none: return
      case .exhausted: return pauseAccepting()
      case .connection(let socket):
        let peer = Endpoint(socket.peer).by(listener.transport)
        let session: TLSSession?
        if listener.transport == .tls {
          session = credentials.flatMap { TLSSession($0, server: nil) }
          guard session != nil else { continue }
        } else {
          session = nil
        }
        // Without a number, the socket ends here and is closed.
        guard let number = telephony.accept(from: peer, at: now) else { continue }
        let link = Link(socket, session)
        links[number] = link
        watch(link, number)
      }
    }
  }

  private mutating func serve(
    _ link: Link,
    _ number: UInt64,
    _ readiness: Readiness,
    into telephony: inout SIPSwitch,
    at now: Instant
  ) {
    if !link.socket.isOpen {
      guard link.socket.finishConnecting() else { return end(link, number, &telephony, at: now) }
      telephony.connected(number, at: now)
    }
    if readiness.contains(.writable), link.socket.flush() == .broken {
      return end(link, number, &telephony, at: now)
    }
    if !readiness.isDisjoint(with: [.readable, .closed, .failed]) {
      switch unsafe link.socket.receive(into: chunk) {
      case .nothing: break
      case .ended: return end(link, number, &telephony, at: now)
      case .bytes(let count):
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: chunk[..<count])
        guard unsafe take(bytes, from: link, number, into: &telephony, at: now) else {
          return end(link, number, &telephony, at: now)
        }
      }
    }
    watch(link, number)
  }

  /// Hands what has come to the switch; false when the connection has ended by that.
  private mutating func take(
    _ bytes: UnsafeRawBufferPointer,
    from link: Link,
    _ number: UInt64,
    into telephony: inout SIPSwitch,
    at now: Instant
  ) -> Bool {
    guard let session = link.session else {
      unsafe telephony.receive(ByteView(bytes), on: number, at: now)
      return true
    }
    let standing = unsafe session.receive(bytes) { plain in
      unsafe telephony.receive(ByteView(plain), on: number, at: now)
    }
    // Also what tells the peer why it is over.
    let hasSent = sendOutput(of: session, on: link)
    if standing == .ended { counters.insecure += 1 }
    return standing == .open && hasSent
  }

  /// The peer has ended the connection, or it is broken.
  private mutating func end(
    _ link: Link,
    _ number: UInt64,
    _ telephony: inout SIPSwitch,
    at now: Instant
  ) {
    deafen(link)
    telephony.lost(number, at: now)
  }

  // MARK: Sending

  /// Deals with the entries for connections among the first of the queue; removes none.
  package mutating func send(_ queue: borrowing OutgoingQueue, first end: Int) {
    if isExhausted, Clock.monotonic &- exhaustedAt > Self.exhaustedMax { resumeAccepting() }
    guard queue.streamCount > 0 else {
      handed = max(handed, end)
      return
    }
    while handed < end {
      if queue.isStream(at: handed) { perform(queue, handed) }
      handed += 1
    }
  }

  /// Takes note that so many entries were removed from the front of the queue.
  package mutating func forget(first count: Int) { handed -= count }

  private mutating func perform(_ queue: borrowing OutgoingQueue, _ index: Int) {
    let (bytes, destination) = queue[index]
    let number = destination.connection
    switch queue.deed(at: index) {
    case .close:
      guard let link = links.removeValue(forKey: number) else { return }
      deafen(link)
      if let session = link.session {
        session.finish()
        _ = sendOutput(of: session, on: link)
      }
      unsafe link.socket.finish(using: chunk)
      resumeAccepting()
    case .open:
      guard let link = open(destination) else {
        counters.unsent += 1
        return lost.append(number)
      }
      links[number] = link
      write(bytes, to: link, number)
    case .send:
      guard let link = links[number] else {
        counters.unsent += 1
        return
      }
      write(bytes, to: link, number)
    }
  }

  /// Begins to connect; nil when there is no way to.
  private func open(_ destination: Endpoint) -> Link? {
    let address = SocketAddress(destination)
    guard destination.transport == .tls else {
      return (try? StreamSocket(connectingTo: address)).map { Link($0, nil) }
    }
    guard let session = credentials.flatMap({ TLSSession($0, server: address.host) }),
      let socket = try? StreamSocket(connectingTo: address)
    else { return nil }
    session.start()
    return Link(socket, session)
  }

  /// Sends what a session has made.
  ///
  /// - Returns: Whether the socket has taken it.
  private func sendOutput(of session: TLSSession, on link: Link) -> Bool {
    var isBroken = false
    unsafe session.takeOutput { bytes in
      guard !isBroken else { return }
      isBroken = unsafe link.socket.send(bytes) == .broken
    }
    return !isBroken
  }

  private mutating func write(_ bytes: ByteView, to link: Link, _ number: UInt64) {
    let isBroken: Bool
    if let session = link.session {
      let standing = unsafe bytes.withUnsafeBytes { unsafe session.send($0) }
      isBroken = standing == .ended || !sendOutput(of: session, on: link)
    } else {
      isBroken = unsafe bytes.withUnsafeBytes { unsafe link.socket.send($0) } == .broken
    }
    guard !isBroken else {
      counters.unsent += 1
      guard !link.isDeaf else { return }
      deafen(link)
      return lost.append(number)
    }
    counters.sent += 1
    if !link.isDeaf { watch(link, number) }
  }

  // MARK: Watching

  /// Registers a link for what it waits for.
  private mutating func watch(_ link: Link, _ number: UInt64) {
    guard !link.isDeaf, !link.isWatched || link.interest != link.socket.interest else { return }
    link.interest = link.socket.interest
    do {
      if link.isWatched {
        try loop.change(link.socket.descriptor, link.interest)
      } else {
        try loop.add(link.socket.descriptor, link.interest, token: EventLoop.Token(number))
        link.isWatched = true
      }
    } catch {
      // The kernel has no memory for it: as good as lost.
      deafen(link)
      lost.append(number)
    }
  }

  private mutating func deafen(_ link: Link) {
    link.isDeaf = true
    guard link.isWatched else { return }
    link.isWatched = false
    try? loop.remove(link.socket.descriptor)
  }

  private mutating func pauseAccepting() {
    guard !isExhausted else { return }
    isExhausted = true
    exhaustedAt = Clock.monotonic
    for listener in listeners { try? loop.remove(listener.socket.descriptor) }
  }

  /// A descriptor has become free.
  private mutating func resumeAccepting() {
    guard isExhausted else { return }
    isExhausted = false
    for index in listeners.indices {
      try? loop.add(
        listeners[index].socket.descriptor,
        .readable,
        token: EventLoop.Token(Self.listenerFlag | UInt64(index))
      )
    }
  }
}
