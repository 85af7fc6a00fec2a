// Several UDP sockets of the thread that owns the switch.
//
// Invariants: a datagram leaves by the socket that its destination names, in the order in which it
// was written; no full socket keeps another waiting: each goes on from where it is, and the queue
// is emptied when all have sent what is theirs, or given it up. Nothing is allocated per datagram.
// Who may change it: the one thread that owns it, together with its outgoing queue.

internal import Engine
internal import Reactor

/// Several UDP sockets, and what tells which of them are ready.
final class DatagramSockets {
  /// A box: what cannot be copied lies in no array.
  private final class Socket {
    var transport: UDPTransport
    var interest = Readiness.readable
    private var standstill = Standstill()

    init(_ transport: consuming UDPTransport) { self.transport = transport }

    /// Sends what is its own of the first messages; whether none of them is left.
    func send(of queue: borrowing OutgoingQueue, first end: Int) -> Bool {
      if transport.sendOwn(of: queue, first: end) { return true }
      let count = transport.counters.sent + transport.counters.refused
      guard standstill.rest(at: count, of: Standstill.inService) == nil else { return false }
      transport.giveUp(of: queue, first: end)
      return true
    }
  }

  private var loop: EventLoop
  private let sockets: [Socket]

  /// Binds a socket to each of the addresses, which are numbered from 1; port 0 lets the kernel
  /// choose.
  init(_ addresses: [SIPListener]) throws(ReactorError) {
    var loop = try EventLoop()
    var sockets: [Socket] = []
    for (index, address) in addresses.enumerated() {
      let number = UInt64(index + 1)
      let transport = try UDPTransport(address: address.host, port: address.port, number: number)
      try loop.add(transport.descriptor, .readable, token: EventLoop.Token(number))
      sockets.append(Socket(transport))
    }
    self.loop = loop
    self.sockets = sockets
  }

  /// Readable when one of them is ready for what it waits for.
  var descriptor: Int32 { loop.descriptor }

  /// That of the first socket that has no room; nil: all have.
  var fullDescriptor: Int32? {
    sockets.first { $0.interest.contains(.writable) }?.transport.descriptor
  }

  /// Their ports, in order.
  var ports: [UInt16] { sockets.map { $0.transport.address.port } }

  /// What has become of the datagrams of all of them.
  func sum(of count: KeyPath<UDPTransport.Counters, Int>) -> Int {
    sockets.reduce(0) { $0 + $1.transport.counters[keyPath: count] }
  }

  /// Receives one batch of each that has something.
  func receive(into telephony: inout SIPSwitch, at now: Instant) {
    // A deadline that has passed: this only looks.
    let count = (try? loop.wait(until: 0)) ?? 0
    for index in 0..<count {
      let ready = loop.ready(at: index)
      guard ready.readiness != .writable else { continue }
      sockets[Int(ready.token.rawValue) - 1].transport.receive(into: &telephony, at: now)
    }
  }

  /// Sends the first messages of the queue but for those that go by streams, and removes them.
  ///
  /// - Returns: How many were removed: all, or none while a socket is full.
  func send(_ queue: inout OutgoingQueue, first end: Int) -> Int {
    var isDone = true
    for socket in sockets {
      if !socket.send(of: queue, first: end) { isDone = false }
      watch(socket)
    }
    guard isDone else { return 0 }
    for socket in sockets { socket.transport.forget() }
    queue.removeFirst(end)
    return end
  }

  /// Waits for room only while a socket has none.
  private func watch(_ socket: Socket) {
    guard socket.interest != socket.transport.interest else { return }
    socket.interest = socket.transport.interest
    try? loop.change(socket.transport.descriptor, socket.interest)
  }
}
