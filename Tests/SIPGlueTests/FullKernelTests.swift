// One UDP address or several, on this thread and with line threads, where the kernel takes what it
// likes.

import Engine
import Glibc
import Reactor
import SIPGlue
import Testing

@Suite("A kernel that refuses", .timeLimit(.minutes(15)))
struct FullKernelTests {
  /// A switch on some addresses.
  private final class Server {
    var line: SIPSwitch
    var transports: LineTransports
    private let start = Clock.monotonic

    init(threads: Int, hosts: [String]) throws {
      let listeners = hosts.map { SIPListener(.udp, host: $0, port: 0) }
      transports = try LineTransports(listeners: listeners, lineThreads: threads)
      line = try StreamWorld.line(on: transports.listeners)
    }

    deinit { for port in ports { KernelFaults.refuse(from: port, nil) } }

    var hasOutgoing: Bool { line.hasOutgoing }
    var outgoingCount: Int { line.outgoingCount }
    var ports: [UInt16] { transports.listeners.map(\.port) }

    /// What the shard's loop does, then waits as it does: until there is something to do.
    func turn(first: Int? = nil, _ clients: [Client]) throws {
      let now = Instant(nanoseconds: Clock.monotonic - start)
      transports.receiveDatagrams(into: &line, at: now)
      line.removeSignals()
      transports.send(from: &line, first: first)
      guard try !transports.areLinesReady(), hasOutgoing || !clients.isEmpty else { return }
      var loop = try EventLoop()
      let own = try #require(transports.descriptors.datagrams)
      try loop.add(own, transports.interest, token: EventLoop.Token(0))
      for client in clients {
        try loop.add(client.socket.descriptor, .readable, token: EventLoop.Token(1))
      }
      try #require(try loop.wait(until: Clock.monotonic + 30_000_000_000) > 0, "a lost wake-up")
    }

    /// Answers a client, as if he had asked.
    func answer(_ client: Client, _ call: String, by socket: Int) {
      var peer = client.endpoint
      peer.connection = ports.count > 1 ? UInt64(socket + 1) : 0
      client.written["\(call)", default: 0] += 1
      let number = client.written["\(call)", default: 0]
      let branch = "\(client.port)\(call)x\(10_000 + number)"
      // Few sizes, so that there are runs.
      let padding = String(repeating: "x", count: number.isMultiple(of: 5) ? 40 : 1)
      let text = """
        OPTIONS sip:x SIP/2.0\r
        Via: SIP/2.0/UDP h;branch=z9hG4bK\(branch);rport;p=\(padding)\r
        Max-Forwards: 70\r
        From: <sip:a@h>;tag=1\r
        To: <sip:b@h>\r
        Call-ID: \(call)\r
        CSeq: \(10_000 + number) OPTIONS\r
        Content-Length: 0\r
        \r

        """
      text.withByteView { line.receive($0, from: peer, at: .zero) }
      line.removeSignals()
    }
  }

  /// Somebody who holds what comes against what was written to him.
  private final class Client {
    var socket: UDPTransport
    /// By Call-ID, how much was written, and how much has come.
    var written: [String: Int] = [:]
    var heard: [String: Int] = [:]
    /// Where it came from, by Call-ID.
    var sources: [String: Set<UInt16>] = [:]

    init(_ host: String) throws { socket = try UDPTransport(address: host, port: 0) }

    var isIPv6: Bool { socket.address.isIPv6 }
    var port: UInt16 { socket.address.port }
    var endpoint: Endpoint {
      isIPv6 ? Endpoint(ipv6: 0, 1, port: port) : Endpoint(ipv4: 0x7F00_0001, port: port)
    }

    /// Each message once, and in order.
    func listen() {
      for (bytes, source) in socket.receiveCopies() {
        var call = ""
        var number = 0
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
          if line.hasPrefix("Call-ID: ") { call = String(line.dropFirst(9)) }
          if line.hasPrefix("CSeq: ") { number = Int(line.dropFirst(6).prefix { $0 != " " }) ?? 0 }
        }
        #expect(number == 10_001 + heard[call, default: 0], "\(call)")
        heard[call, default: 0] += 1
        sources[call, default: []].insert(source.port)
      }
    }

    var hasAll: Bool { heard == written }
  }

  /// Numbers that are the same in every run.
  private struct Dice: Sendable {
    var seed: UInt64
    mutating func roll(_ bound: UInt64) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((seed >> 33) % bound)
    }
  }

  private static let hosts = ["127.0.0.1", "::1", "127.0.0.2"]

  @Test(
    "Whatever is refused, each peer hears everything once, in order, by the socket it is meant for",
    arguments: [1, 2, 3],
    [1, 3]
  )
  func refusals(threads: Int, addresses: Int) throws {
    let server = try Server(threads: threads, hosts: Array(Self.hosts.prefix(addresses)))
    let clients = try ["127.0.0.1", "127.0.0.1", "::1", "127.0.0.1", "::1"]
      .filter { addresses > 1 || $0 != "::1" }.map { try Client($0) }
    let forbidden = try Client("127.0.0.1")
    for (index, port) in server.ports.enumerated() {
      let dice = Locked(Dice(seed: UInt64(threads * 100 + index)))
      let outlaw = forbidden.port
      KernelFaults.refuse(from: port) { datagrams, peer in
        if peer == outlaw { return EPERM }
        let roll = dice.withLock { dice in dice.roll(100) }
        // A device that cannot cut runs apart, now and then.
        if datagrams > 1, roll < 5 { return roll == 0 ? EIO : EPERM }
        return roll > 85 ? EAGAIN : roll > 80 ? ENOBUFS : 0
      }
    }
    var dice = Dice(seed: UInt64(threads))
    var total = 0
    var refused = 0
    for _ in 0..<60 {
      for _ in 0..<dice.roll(200) {
        let client = dice.roll(12) == 0 ? forbidden : clients[dice.roll(UInt64(clients.count))]
        // IPv6 has one socket; of the others a call keeps to its own.
        let call = dice.roll(4)
        let socket = addresses == 1 ? 0 : client.isIPv6 ? 1 : call % 2 * 2
        server.answer(client, "c\(call)", by: socket)
        total += 1
        if client === forbidden { refused += 1 }
      }
      // A part, as when a store keeps the rest back.
      try server.turn(first: server.outgoingCount / 2 + 1, clients)
      for client in clients { client.listen() }
    }
    while server.hasOutgoing || !clients.allSatisfy(\.hasAll) {
      try server.turn(clients)
      for client in clients { client.listen() }
    }
    forbidden.listen()
    #expect(forbidden.heard.isEmpty)
    while server.transports.refused < refused || server.transports.sent < total - refused {
      try server.turn([])
    }
    #expect(server.transports.refused == refused)
    #expect(server.transports.sent == total - refused)
    for client in clients where addresses > 1 {
      for (call, sources) in client.sources {
        let socket = client.isIPv6 ? 1 : Int(call.dropFirst()).map { $0 % 2 * 2 } ?? 0
        #expect(sources == [server.ports[socket]], "\(call)")
      }
    }
  }

  @Test("A full socket keeps no other waiting, and goes on when it has room", arguments: [1, 2, 3])
  func oneIsFull(threads: Int) throws {
    let server = try Server(threads: threads, hosts: Self.hosts)
    let (first, second) = (try Client("127.0.0.1"), try Client("::1"))
    KernelFaults.refuse(from: server.ports[0]) { _, _ in EAGAIN }
    for round in 1...30 {
      for number in 0..<100 { server.answer(first, "c\(number % 7)", by: 0) }
      for number in 0..<10 { server.answer(second, "c\(number)", by: 1) }
      let end = Clock.monotonic + 30_000_000_000
      while !second.hasAll {
        try server.turn([first, second])
        second.listen()
        try #require(Clock.monotonic < end, "nothing comes in round \(round)")
      }
    }
    first.listen()
    #expect(first.heard.isEmpty)
    // There is room while this thread waits for nothing else.
    let full = server.ports[0]
    let other = try ShardThread(name: "room") {
      usleep(50_000)
      KernelFaults.refuse(from: full, nil)
    }
    while server.hasOutgoing { try server.turn([]) }
    other.join()
    while !first.hasAll {
      try server.turn([first, second])
      first.listen()
    }
    #expect(second.hasAll)
  }

  @Test("What a socket does not take for seconds is given up", arguments: [1, 2, 3])
  func oneStaysFull(threads: Int) throws {
    let server = try Server(threads: threads, hosts: Self.hosts)
    let (first, second) = (try Client("127.0.0.1"), try Client("::1"))
    KernelFaults.refuse(from: server.ports[0]) { _, _ in EAGAIN }
    let end = Clock.monotonic + 60_000_000_000
    while server.transports.refused == 0 {
      for number in 0..<9 { server.answer(first, "c\(number)", by: 0) }
      server.answer(second, "c", by: 1)
      while !second.hasAll {
        try server.turn([first, second])
        second.listen()
        try #require(Clock.monotonic < end, "nothing is given up")
      }
      usleep(20_000)
    }
    KernelFaults.refuse(from: server.ports[0], nil)
    while server.hasOutgoing || !second.hasAll {
      if second.hasAll { server.answer(second, "c", by: 1) }
      try server.turn([second])
      second.listen()
      try #require(Clock.monotonic < end, "the queue is not emptied")
    }
  }

  @Test("A kernel without memory does not keep a server from its end", arguments: [1, 2], [1, 3])
  func end(threads: Int, addresses: Int) throws {
    let server = try Server(threads: threads, hosts: Array(Self.hosts.prefix(addresses)))
    let client = try Client("127.0.0.1")
    KernelFaults.refuse(from: server.ports[0]) { _, _ in ENOBUFS }
    for number in 0..<1_000 { server.answer(client, "c\(number % 7)", by: 0) }
    server.transports.finish(from: &server.line)
    #expect(server.hasOutgoing)
    client.listen()
    #expect(client.heard.isEmpty)
  }
}
