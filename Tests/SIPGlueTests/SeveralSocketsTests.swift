// Several UDP addresses with real sockets, on this thread and with line threads.

import Engine
import Reactor
import SIPGlue
import Testing

@Suite("Several sockets", .timeLimit(.minutes(5)))
struct SeveralSocketsTests {
  /// A switch on two IPv4 addresses, an IPv6 address and TCP.
  private final class Server {
    var line: SIPSwitch
    var transports: LineTransports
    private let start = Clock.monotonic

    init(threads: Int, hosts: [String]) throws {
      var listeners = hosts.map { SIPListener(.udp, host: $0, port: 0) }
      listeners.insert(SIPListener(.tcp, host: "::1", port: 0), at: 1)
      transports = try LineTransports(listeners: listeners, lineThreads: threads)
      line = try StreamWorld.line(on: transports.listeners)
    }

    /// The addresses for datagrams, in order.
    var addresses: [SocketAddress] {
      transports.listeners.filter { $0.transport == .udp }
        .compactMap { SocketAddress($0.host, port: $0.port) }
    }

    func turn(first: Int? = nil) throws {
      let now = Instant(nanoseconds: Clock.monotonic - start)
      _ = try transports.areLinesReady()
      transports.receiveDatagrams(into: &line, at: now)
      line.removeSignals()
      transports.send(from: &line, first: first)
    }
  }

  private static func options(_ number: Int, to address: SocketAddress) -> [UInt8] {
    Array(
      """
      OPTIONS sip:x SIP/2.0\r
      Via: SIP/2.0/UDP \(address.isIPv6 ? "[::1]" : "127.0.0.1");branch=z9hG4bK\(number);rport\r
      Max-Forwards: 70\r
      From: <sip:a@127.0.0.1>;tag=1\r
      To: <sip:127.0.0.1>\r
      Call-ID: c\(number)\r
      CSeq: \(number) OPTIONS\r
      Content-Length: 0\r
      \r

      """.utf8
    )
  }

  private static let hosts = ["127.0.0.1", "::1", "127.0.0.2"]

  @Test("Each is heard, and the answer leaves by the socket that was asked", arguments: [1, 2, 3])
  func answers(threads: Int) throws {
    let server = try Server(threads: threads, hosts: Self.hosts)
    #expect(server.addresses.map(\.host) == Self.hosts)
    var clients: [(address: SocketAddress, client: [String])] = []
    for (index, address) in server.addresses.enumerated() {
      var client = try UDPTransport(address: address.isIPv6 ? "::1" : "127.0.0.1", port: 0)
      let requests = (1...100).map { (Self.options(index * 100 + $0, to: address), address) }
      client.send(copies: requests)
      var sources: [String] = []
      while sources.count < requests.count {
        // Some are kept back, as a loop does whose store is not yet on the disk.
        try server.turn(first: sources.count.isMultiple(of: 2) ? 1 : nil)
        for reply in client.receiveCopies() {
          #expect(String(decoding: reply.bytes.prefix(11), as: UTF8.self) == "SIP/2.0 200")
          sources.append("\(reply.source)")
        }
      }
      clients.append((address, sources))
    }
    for (address, sources) in clients { #expect(Set(sources) == ["\(address)"]) }
    while server.transports.sent < 300 { try server.turn() }
    #expect(server.transports.received == 300)
    #expect(server.transports.sent == 300)
    #expect(server.transports.refused == 0)
  }

  @Test("A number of an address that is no more leads to the one that is left", arguments: [1, 2])
  func addressGone(threads: Int) throws {
    let server = try Server(threads: threads, hosts: ["127.0.0.1"])
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    var source = Endpoint(ipv4: 0x7F00_0001, port: client.address.port)
    // As a store may have it from before: nobody but a restored dialog or registration says so.
    source.connection = 3
    let request = Self.options(1, to: server.addresses[0])
    request.withByteView { server.line.receive($0, from: source, at: .zero) }
    server.transports.send(from: &server.line)
    var sources: [String] = []
    while sources.isEmpty { sources += client.receiveCopies().map { "\($0.source)" } }
    #expect(sources == ["\(server.addresses[0])"])
  }

  @Test("What waits when it ends is sent by each of them", arguments: [1, 2])
  func finish(threads: Int) throws {
    let server = try Server(threads: threads, hosts: Self.hosts)
    var first = try UDPTransport(address: "127.0.0.1", port: 0)
    var second = try UDPTransport(address: "::1", port: 0)
    first.send(copies: [(Self.options(1, to: server.addresses[2]), server.addresses[2])])
    second.send(copies: [(Self.options(2, to: server.addresses[1]), server.addresses[1])])
    while server.line.outgoingCount < 2 { try server.turn(first: 0) }
    server.transports.finish(from: &server.line)
    var sources: Set<String> = []
    while sources.count < 2 {
      for reply in first.receiveCopies() + second.receiveCopies() {
        sources.insert("\(reply.source)")
      }
    }
    #expect(sources == ["\(server.addresses[1])", "\(server.addresses[2])"])
  }

  @Test("An address that is taken stops the start with its name", arguments: [1, 2])
  func taken(threads: Int) throws {
    let other = try UDPTransport(address: "::1", port: 0)
    let listeners = [
      SIPListener(.udp, host: "127.0.0.1", port: 0),
      SIPListener(.udp, host: "::1", port: other.address.port),
    ]
    let error = #expect(throws: ReactorError.self) {
      _ = try LineTransports(listeners: listeners, lineThreads: threads)
    }
    #expect("\(try #require(error))".contains("[::1]:\(other.address.port)"))
  }

  @Test("Every IPv6 address is no IPv4 address: both can have one port", arguments: [1, 2])
  func everywhere(threads: Int) throws {
    var isBeside = false
    // Somebody else may have the port in IPv4.
    for _ in 0..<20 where !isBeside {
      let all = try LineTransports(
        listeners: [SIPListener(.udp, host: "::", port: 0)],
        lineThreads: threads
      )
      let beside = try? UDPTransport(address: "0.0.0.0", port: all.listeners[0].port)
      isBeside = beside != nil
    }
    #expect(isBeside)
  }
}
