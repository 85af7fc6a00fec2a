import Engine
import Reactor
import SIPGlue
import Testing

@Suite("Line threads", .timeLimit(.minutes(15)))
struct LineThreadTests {
  /// A switch whose datagrams go by line threads.
  final class Server {
    var line: SIPSwitch
    var transports: LineTransports
    private let start = Clock.monotonic

    init(threads: Int, host: String = "127.0.0.1", port: UInt16 = 0) throws {
      let listener = SIPListener(.udp, host: host, port: port)
      transports = try LineTransports(listeners: [listener], lineThreads: threads)
      var plan = StreamWorld.plan()
      plan.listeners = transports.listeners
      plan.defence.rate = 0
      line = try SIPSwitch(plan: plan, start: Clock.realtime, secret: (1, 2))
    }

    var port: UInt16 { transports.listeners[0].port }
    var address: SocketAddress { SocketAddress(ipv4: 0x7f00_0001, port: port) }
    var now: Instant { Instant(nanoseconds: Clock.monotonic - start) }

    /// What the shard's loop does between two waits.
    func turn() {
      transports.receiveDatagrams(into: &line, at: now)
      line.removeSignals()
      transports.send(from: &line)
    }

    /// Waits until the server or a client has something to do; a lost wake-up makes it fail.
    func wait(with client: Int32) throws {
      guard try !transports.areLinesReady() else { return }
      var loop = try EventLoop()
      let own = try #require(transports.descriptors.datagrams)
      for descriptor in [own, client] {
        try loop.add(descriptor, .readable, token: EventLoop.Token(UInt64(descriptor)))
      }
      let count = try loop.wait(until: Clock.monotonic + 30_000_000_000)
      try #require(count > 0)
    }
  }

  private static func options(_ call: String, _ number: Int, from port: UInt16) -> [UInt8] {
    Array(
      """
      OPTIONS sip:127.0.0.1 SIP/2.0\r
      Via: SIP/2.0/UDP 127.0.0.1:\(port);branch=z9hG4bK\(call)x\(number)\r
      Max-Forwards: 70\r
      From: <sip:a@127.0.0.1>;tag=1\r
      To: <sip:127.0.0.1>\r
      Call-ID: \(call)\r
      CSeq: \(number) OPTIONS\r
      Content-Length: 0\r
      \r

      """.utf8
    )
  }

  /// The Call-ID and number of a reply.
  private static func name(_ bytes: [UInt8]) -> (call: String, number: Int) {
    var call = ""
    var number = 0
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
      if line.hasPrefix("Call-ID: ") { call = String(line.dropFirst(9)) }
      if line.hasPrefix("CSeq: ") {
        number = Int(line.dropFirst(6).prefix { $0 != " " }) ?? 0
      }
    }
    return (call, number)
  }

  /// Takes what has come, and holds each reply against the ones before it of its Call-ID.
  private static func take(
    _ client: inout UDPTransport,
    _ last: inout [String: Int],
    status: String = "SIP/2.0 200 "
  ) -> Int {
    let replies = client.receiveCopies()
    for reply in replies {
      #expect(String(decoding: reply.bytes.prefix(status.utf8.count), as: UTF8.self) == status)
      let (call, number) = name(reply.bytes)
      #expect(number > last[call, default: 0], "\(call) overtaken")
      last[call] = number
    }
    return replies.count
  }

  @Test("Each source is heard in order and answered in order", arguments: [1, 2, 3, 8])
  func order(threads: Int) throws {
    let server = try Server(threads: threads)
    var received = 0
    for round in 0..<4 {
      var client = try UDPTransport(address: "127.0.0.1", port: 0)
      var last: [String: Int] = [:]
      for part in 0..<20 {
        let requests = (1...10).flatMap { number in
          (0..<3).map { call in
            Self.options("c\(round)-\(call)", part * 10 + number, from: client.address.port)
          }
        }
        client.send(copies: requests.map { ($0, server.address) })
        var replies = 0
        while replies < requests.count {
          server.turn()
          replies += Self.take(&client, &last)
          if replies < requests.count { try server.wait(with: client.descriptor) }
        }
        received += replies
      }
      #expect(last == ["c\(round)-0": 200, "c\(round)-1": 200, "c\(round)-2": 200])
    }
    #expect(server.transports.received == received)
    // A thread counts a little later than it sends.
    while server.transports.sent < received { server.turn() }
    #expect(server.transports.sent == received)
  }

  @Test("More than the doors hold stays in order and gets through", arguments: [1, 2, 3])
  func fullDoors(threads: Int) throws {
    let server = try Server(threads: threads)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let port = client.address.port
    let (calls, each) = (7, 500)
    for number in 1...each {
      for call in 0..<calls {
        Self.options("call\(call)", number, from: port).withUnsafeBytes { bytes in
          server.line.receive(bytes, fromIPv4: 0x7f00_0001, port: port, at: server.now)
        }
      }
    }
    #expect(server.line.outgoingCount == calls * each)
    var last: [String: Int] = [:]
    var replies = 0
    while server.line.hasOutgoing {
      // A part of what waits, as when a store holds back the rest.
      server.transports.send(from: &server.line, first: server.line.outgoingCount / 2 + 1)
      replies += Self.take(&client, &last)
      if server.line.hasOutgoing { try server.wait(with: client.descriptor) }
    }
    while server.transports.sent < calls * each || replies < calls * each {
      let new = Self.take(&client, &last)
      replies += new
      // What the kernel threw away at a receiver that is too slow does not come.
      if new == 0, server.transports.sent == calls * each, client.kernelDrops > 0 { break }
    }
    #expect(replies + client.kernelDrops == calls * each)
    #expect(client.kernelDrops > 0 || Set(last.values) == [each])
  }

  @Test("A switch that does not listen makes the threads stop, and nothing is misordered")
  func noListener() throws {
    let server = try Server(threads: 2)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let port = client.address.port
    let count = 2_000
    client.send(copies: (1...count).map { (Self.options("one", $0, from: port), server.address) })
    #expect(server.transports.received == 0)
    var last: [String: Int] = [:]
    // The last may be lost: the kernel's buffer has an end. Then another one gets through.
    var number = count
    while last["one", default: 0] < count {
      for _ in 0..<100 {
        server.turn()
        _ = Self.take(&client, &last)
      }
      number += 1
      client.send(copies: [(Self.options("one", number, from: port), server.address)])
    }
    #expect(server.transports.received <= number)
  }

  @Test("A datagram that the kernel refuses stops no other one", arguments: [1, 2])
  func refused(threads: Int) throws {
    let server = try Server(threads: threads)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let port = client.address.port
    for number in 1...40 {
      // Nobody can be reached at port 0.
      for peer in [port, 0] {
        Self.options("to-\(peer)", number, from: peer).withUnsafeBytes { bytes in
          server.line.receive(bytes, fromIPv4: 0x7f00_0001, port: peer, at: server.now)
        }
      }
    }
    var last: [String: Int] = [:]
    while last["to-\(port)", default: 0] < 40 || server.transports.refused < 40 {
      server.turn()
      _ = Self.take(&client, &last)
    }
    #expect(server.transports.refused == 40)
    while server.transports.sent < 40 { server.turn() }
    #expect(server.transports.sent == 40)
  }

  @Test("What is written at the end leaves before the sockets close")
  func stop() throws {
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let port = client.address.port
    var server: Server? = try Server(threads: 2)
    for number in 1...100 {
      for call in ["a", "b", "c"] {
        Self.options(call, number, from: port).withUnsafeBytes { bytes in
          server?.line.receive(bytes, fromIPv4: 0x7f00_0001, port: port, at: .zero)
        }
      }
    }
    if let server { server.transports.finish(from: &server.line) }
    let address = try #require(server?.address)
    server = nil
    var last: [String: Int] = [:]
    var replies = 0
    while replies + client.kernelDrops < 300 { replies += Self.take(&client, &last) }
    // The threads have ended: the port is free again.
    let again = try Server(threads: 2, port: address.port)
    #expect(again.port == address.port)
  }

  @Test("Odd messages, keep-alives and STUN are served as without line threads")
  func oddMessages() throws {
    let server = try Server(threads: 2)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let port = client.address.port
    let plain = String(decoding: Self.options("odd", 1, from: port), as: UTF8.self)
    let folded = plain.replacing("Max-Forwards: 70", with: "Subject: a\r\n b\r\nMax-Forwards: 70")
    let binding: [UInt8] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42] + (1...12).map { UInt8($0) }
    let cases: [(sent: [UInt8], got: String)] = [
      (Array("\r\n\r\n\(plain)".utf8), "SIP/2.0 200 "),
      (Array(folded.replacing("x1\r", with: "x2\r").utf8), "SIP/2.0 200 "),
      (Array(plain.replacing("Call-ID", with: "i").replacing("x1\r", with: "x3\r").utf8), "SIP"),
      (Array(plain.replacing("SIP/2.0\r\nVia", with: "SIP/3.0\r\nVia").utf8), "SIP/2.0 505 "),
      (Array(plain.replacing("CSeq: 1", with: "CSeq: x").utf8), "SIP/2.0 400 "),
      (binding, "\u{1}\u{1}"),
    ]
    for (sent, got) in cases {
      client.send(copies: [([13, 10, 13, 10], server.address), (sent, server.address)])
      var replies: [[UInt8]] = []
      while replies.isEmpty {
        server.turn()
        try server.wait(with: client.descriptor)
        replies = client.receiveCopies().map(\.bytes)
      }
      #expect(replies.count == 1)
      #expect(Array(replies[0].prefix(got.utf8.count)) == Array(got.utf8), "\(got)")
    }
    #expect(server.line.counters.keepAlives == UInt64(cases.count + 1))
  }

  @Test("A port that another server has is refused, also when that one has line threads")
  func portInUse() throws {
    let server = try Server(threads: 2)
    for threads in [1, 2] {
      #expect(throws: ReactorError.self) { _ = try Server(threads: threads, port: server.port) }
    }
    let single = try Server(threads: 1)
    #expect(throws: ReactorError.self) { _ = try Server(threads: 2, port: single.port) }
  }

  @Test("IPv6 too")
  func ipv6() throws {
    let server = try Server(threads: 2, host: "::1")
    let address = SocketAddress(ipv6: 0, 1, port: server.port)
    var client = try UDPTransport(address: "::1", port: 0)
    let request = String(decoding: Self.options("six", 1, from: client.address.port), as: UTF8.self)
      .replacing("127.0.0.1:", with: "[::1]:")
    client.send(copies: [(Array(request.utf8), address)])
    var last: [String: Int] = [:]
    while last.isEmpty {
      server.turn()
      try server.wait(with: client.descriptor)
      _ = Self.take(&client, &last)
    }
    #expect(last == ["six": 1])
  }
}
