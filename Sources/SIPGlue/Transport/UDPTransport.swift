// A UDP socket of the thread that owns the switch.
//
// States: open; open and blocked (the kernel's send buffer is full: the rest of the outgoing queue
// waits until the descriptor is writable).
// Invariants: each peer is sent to in the order in which it was written to; a datagram is read
// where the kernel put it and sent from where it was written; nothing is allocated and no text is
// made per datagram. Nothing that happens to one datagram (too large, refused, unreachable) stops
// another or throws: it is counted.
// Who may change it: the one thread that owns it, together with its outgoing queue, which nobody
// else may empty while the transport is blocked.
// Source: RFC 3261 18 (UDP), recvmmsg(2), sendmmsg(2), udp(7); MEASURED 4, ADR 0027.

public import Reactor

/// A UDP socket that feeds a switch and sends what the switch has written.
public struct UDPTransport: ~Copyable {
  /// How the socket is opened.
  public struct Options: Hashable, Sendable {
    /// Runs of datagrams of one size to one peer are cut apart by the kernel (GSO).
    public var segments = true
    /// Larger datagrams are counted and ignored; the standard is the largest that UDP can carry.
    public var datagramMax = 65_535

    /// The standard options.
    public init() {}
  }

  /// What has become of the datagrams so far.
  public struct Counters: Hashable, Sendable {
    /// Datagrams handed to the switch.
    public var received = 0
    /// Datagrams ignored because they are larger than allowed.
    public var tooLarge = 0
    /// Times that receiving failed.
    public var receiveFailures = 0
    /// Datagrams that the kernel has taken.
    public var sent = 0
    /// Datagrams that the kernel refused: no route, unreachable, forbidden, too large.
    public var refused = 0
    /// Times that the kernel's send buffer was full.
    public var blocked = 0

    /// Counters at zero.
    public init() {}
  }

  /// Its number among our sockets; 0: it is the only one.
  let number: UInt64
  /// What has become of the datagrams so far.
  public private(set) var counters = Counters()
  /// The `errno` of the last datagram that was refused or receive that failed; 0 when none was.
  public private(set) var lastFailure: Int32 = 0

  private var socket: DatagramSocket
  /// What is in hand of the last batch.
  var scanned: [ScannedDatagram] = []
  private var window = SendWindow()
  /// Where this socket's datagrams stand in a queue that holds other messages too; else empty.
  private var places: [Int] = []

  /// Datagrams per system call.
  private static let batchMax = 64

  /// Binds a socket to a numeric address; port 0 lets the kernel choose.
  public init(
    address: String,
    port: UInt16,
    _ options: Options = Options()
  ) throws(ReactorError) {
    try self.init(address: address, port: port, number: 0, options)
  }

  /// Binds one of several sockets.
  init(
    address: String,
    port: UInt16,
    number: UInt64,
    _ options: Options = Options()
  ) throws(ReactorError) {
    guard let local = SocketAddress(address, port: port) else {
      throw ReactorError("bind udp \(address):\(port)", reason: "not a numeric IP address")
    }
    var socketOptions = DatagramSocket.Options()
    socketOptions.segments = options.segments
    socketOptions.datagramMax = options.datagramMax
    socketOptions.batchMax = UDPTransport.batchMax
    socket = try DatagramSocket(bindingTo: local, socketOptions)
    self.number = number
  }

  /// The address that the socket is bound to.
  public var address: SocketAddress { socket.address }

  /// The address that the socket is bound to, as the glue writes it.
  var endpoint: Endpoint { Endpoint(socket.address) }

  /// The descriptor to register with the thread's loop.
  public var descriptor: Int32 { socket.descriptor }

  /// What to register for: writing only while something waits for it.
  public var interest: Readiness { window.isBlocked ? [.readable, .writable] : .readable }

  /// Datagrams that the kernel threw away because this thread was too slow.
  public var kernelDrops: Int { socket.kernelDrops }

  /// The socket buffer that the kernel granted, in bytes.
  public var socketBufferBytes: Int { socket.socketBufferBytes }

  /// Receives one batch.
  ///
  /// - Returns: How many datagrams the kernel had; fewer than 64 means that none is left.
  mutating func receiveBatch() -> Int {
    do {
      return try socket.receive()
    } catch {
      counters.receiveFailures += 1
      lastFailure = error.code
      return 0
    }
  }

  /// Counts a datagram of the last batch; its sender, or nil when it is too large.
  mutating func source(at index: Int) -> Endpoint? {
    guard !socket.isTruncated(at: index) else {
      counters.tooLarge += 1
      return nil
    }
    counters.received += 1
    var source = Endpoint(socket.source(at: index))
    source.connection = number
    return source
  }

  /// The bytes of a datagram of the last batch, which are gone when the next one is received.
  func bytes(at index: Int) -> ByteView { unsafe ByteView(socket.bytes(at: index)) }

  /// Sends the first datagrams that wait, or all, and removes them from the queue.
  ///
  /// When the kernel takes no more, they all stay in the queue: call again when the descriptor is
  /// writable. The switch may append in the meantime. What goes by a stream is passed over, and
  /// removed with the rest.
  ///
  /// - Parameters:
  ///   - queue: What waits.
  ///   - first: How many may leave, at least as many as the last time; nil: all.
  /// - Returns: How many were removed.
  @discardableResult
  package mutating func send(_ queue: inout OutgoingQueue, first: Int? = nil) -> Int {
    let end = min(first ?? queue.count, queue.count)
    guard sendOwn(of: queue, first: end) else { return 0 }
    queue.removeFirst(end)
    forget()
    return end
  }

  /// Sends those of the first messages that go by this socket, and were not sent before.
  ///
  /// - Returns: Whether all have left; if not, call again when the descriptor is writable.
  mutating func sendOwn(of queue: borrowing OutgoingQueue, first end: Int) -> Bool {
    let datagrams = findDatagrams(in: queue, before: end)
    window.open()
    while window.fill(of: datagrams, max: UDPTransport.batchMax) {
      stage(queue)
      let flushed = socket.flush()
      socket.discardStaged()
      switch window.note(flushed, counting: &counters) {
      case .goOn: continue
      case .wait: return false
      case .failed(let code): lastFailure = code
      }
    }
    return true
  }

  /// Gives up those of the first messages that go by this socket and have not left.
  mutating func giveUp(of queue: borrowing OutgoingQueue, first end: Int) {
    counters.refused += window.giveUp(of: findDatagrams(in: queue, before: end))
  }

  /// All of the first messages have left the queue.
  mutating func forget() { window.restart() }

  /// Notes where this socket's datagrams among the first messages stand; how many there are.
  private mutating func findDatagrams(in queue: borrowing OutgoingQueue, before end: Int) -> Int {
    places.removeAll(keepingCapacity: true)
    guard number != 0 || queue.streamCount > 0 else { return end }
    for index in 0..<end where !queue.isStream(at: index) {
      if number == 0 || queue.connection(at: index) == number { places.append(index) }
    }
    return places.count
  }

  /// Stages the batch at hand; its bytes stay where the queue has them.
  private mutating func stage(_ queue: borrowing OutgoingQueue) {
    for index in window.rest {
      let (bytes, destination) = queue[places.isEmpty ? index : places[index]]
      let address = SocketAddress(destination)
      let isStaged = unsafe bytes.withUnsafeBytes { unsafe socket.stage($0, to: address) }
      precondition(isStaged, "a batch is larger than its socket's")
    }
  }
}

/// A datagram of a batch that is to be dealt with.
struct ScannedDatagram {
  var index: Int
  var source: Endpoint
  var envelope = Envelope()
}

extension UDPTransport {
  /// Sends copies of plain datagrams in order, for tools and tests.
  package mutating func send(copies: [(bytes: [UInt8], destination: SocketAddress)]) {
    var queue = OutgoingQueue()
    for copy in copies {
      copy.bytes.withByteView { _ = queue.append($0, to: Endpoint(copy.destination)) }
    }
    while queue.count > 0 {
      send(&queue)
      guard window.isBlocked else { continue }
      _ = try? Readiness.wait(for: descriptor, .writable, timeout: 1_000_000_000)
    }
  }

  /// Receives one batch as copies, for tools and tests.
  package mutating func receiveCopies() -> [(bytes: [UInt8], source: SocketAddress)] {
    var copies: [(bytes: [UInt8], source: SocketAddress)] = []
    for index in 0..<receiveBatch() {
      if let source = source(at: index) {
        copies.append((bytes(at: index).array, SocketAddress(source)))
      }
    }
    return copies
  }
}

/// How far the kernel has taken the outgoing queue; pure, so that its refusals can be tested.
package struct SendWindow {
  /// What to do after a flush.
  package enum Next: Equatable {
    /// Stage and flush what comes next.
    case goOn
    /// The kernel is full: keep the rest until the descriptor is writable.
    case wait
    /// The kernel refused a datagram, which is given up; go on with the next.
    case failed(Int32)
  }

  /// How many datagrams at the front of the queue are done with or in the batch at hand.
  private var taken = 0
  /// The batch at hand: which datagrams of the queue are to be sent next, in this order.
  package private(set) var rest: [Int] = []
  /// Whether the rest waits for the descriptor to be writable.
  package private(set) var isBlocked = false

  /// Makes an open window at the front of the queue.
  package init() {}

  /// Goes back to the front of the queue, from which all has left.
  package mutating func restart() {
    taken = 0
    rest.removeAll(keepingCapacity: true)
    isBlocked = false
  }

  /// Tries again after the descriptor has become writable.
  package mutating func open() { isBlocked = false }

  /// Begins the next batch when that at hand is sent.
  ///
  /// - Returns: Whether there is anything to send in a queue of so many datagrams.
  package mutating func fill(of count: Int, max: Int) -> Bool {
    if rest.isEmpty {
      let end = min(count, taken + max)
      rest.append(contentsOf: taken..<end)
      taken = end
    }
    return !rest.isEmpty
  }

  /// Is done with all of a queue of so many datagrams; how many of them were left.
  package mutating func giveUp(of count: Int) -> Int {
    let left = rest.count + count - taken
    taken = count
    rest.removeAll(keepingCapacity: true)
    isBlocked = false
    return left
  }

  /// Takes in what became of a flush of the batch at hand.
  package mutating func note(
    _ flushed: DatagramSocket.Flushed,
    counting counters: inout UDPTransport.Counters
  ) -> Next {
    switch flushed {
    case .all(let sent):
      counters.sent += sent
      rest.removeAll(keepingCapacity: true)
      return .goOn
    case .blocked(let sent, let left):
      counters.sent += sent
      counters.blocked += 1
      rest = left.map { rest[$0] }
      isBlocked = true
      return .wait
    case .refused(let sent, let left, let code):
      counters.sent += sent
      counters.refused += 1
      rest = left.map { rest[$0] }
      return .failed(code)
    }
  }
}

extension Endpoint {
  /// The endpoint that the kernel named.
  init(_ address: SocketAddress) {
    if address.isIPv6 {
      self.init(ipv6: address.high, address.low, port: address.port, scope: address.scope)
    } else {
      self.init(ipv4: UInt32(truncatingIfNeeded: address.low), port: address.port)
    }
  }
}

extension SocketAddress {
  /// The address as the kernel wants it.
  init(_ endpoint: Endpoint) {
    switch endpoint.family {
    case .ipv4:
      self.init(ipv4: UInt32(truncatingIfNeeded: endpoint.low), port: endpoint.port)
    case .ipv6:
      self.init(
        ipv6: endpoint.high,
        endpoint.low,
        scope: endpoint.scope,
        port: endpoint.port
      )
    }
  }
}
