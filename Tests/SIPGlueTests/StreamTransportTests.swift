import Engine
import Foundation
import Glibc
import Reactor
import SIPGlue
import Testing

/// A blocking TCP client, sharing nothing with the code under test.
final class TCPClient {
  private let socket: Int32

  init?(port: UInt16) {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { return nil }
  }

  deinit { close(socket) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let put = bytes.withUnsafeBytes {
        let rest = UnsafeRawBufferPointer(rebasing: $0[sent...])
        return Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      guard put > 0 else { return }
      sent += put
    }
  }

  func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// What has come, without waiting; nil at the end.
  func receive() -> String? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let got = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    if got > 0 { return String(decoding: bytes[..<got], as: UTF8.self) }
    return got < 0 && errno == EAGAIN ? "" : nil
  }
}

@Suite("The sockets of connections", .timeLimit(.minutes(15)))
struct StreamTransportTests {
  /// A switch on real sockets.
  final class Server {
    var line: SIPSwitch
    var transports: LineTransports
    private let start = Clock.monotonic

    init(_ listeners: [SIPListener]) throws {
      transports = try LineTransports(listeners: listeners)
      var plan = StreamWorld.plan()
      plan.listeners = transports.listeners
      line = try SIPSwitch(plan: plan, start: Clock.realtime, secret: (1, 2))
    }

    func port(_ transport: SIPListener.Transport) -> UInt16 {
      transports.listeners.first { $0.transport == transport }?.port ?? 0
    }

    var connections: Int { transports.connectionCount }

    /// One turn of a line thread, without its waiting.
    func turn() {
      let now = Instant(nanoseconds: Clock.monotonic - start)
      transports.receiveDatagrams(into: &line, at: now)
      transports.receiveStreams(into: &line, at: now)
      if let due = line.nextDeadline, due <= now { line.advance(to: now) }
      line.removeSignals()
      transports.send(from: &line)
    }

    func turn(until condition: () -> Bool) {
      while !condition() { turn() }
    }
  }

  static let both = [
    SIPListener(.udp, host: "127.0.0.1", port: 0), SIPListener(.tcp, host: "127.0.0.1", port: 0),
  ]

  @Test("Requests in one segment are answered in order, on their connection")
  func answers() throws {
    let server = try Server(Self.both)
    let client = try #require(TCPClient(port: server.port(.tcp)))
    let count = 300
    client.send((0..<count).map { StreamWorld.request("OPTIONS", branch: "\($0)") }.joined())
    var text = ""
    server.turn {
      text += client.receive() ?? ""
      return text.components(separatedBy: "\r\n\r\n").count > count
    }
    var place = text.startIndex
    for number in 0..<count {
      let found = text.range(of: "branch=z9hG4bK\(number);", range: place..<text.endIndex)
      place = try #require(found).upperBound
    }
  }

  @Test("Who has said everything still gets his answer, and the connection is gone")
  func halfClosed() throws {
    let server = try Server(Self.both)
    let client = try #require(TCPClient(port: server.port(.tcp)))
    client.send(StreamWorld.request("OPTIONS"))
    client.finishSending()
    var text = ""
    server.turn {
      guard let more = client.receive() else { return true }
      text += more
      return false
    }
    #expect(text.hasPrefix("SIP/2.0 200"))
    server.turn { server.connections == 0 }
  }

  @Test("Garbage ends a connection, and a peer that is gone costs nothing")
  func garbage() throws {
    let server = try Server(Self.both)
    let client = try #require(TCPClient(port: server.port(.tcp)))
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    server.turn { client.receive() == nil }
    #expect(server.connections == 0)
    for _ in 0..<50 { _ = TCPClient(port: server.port(.tcp)) }
    for _ in 0..<100 { server.turn() }
    server.turn { server.connections == 0 }
  }

  @Test("Accepting pauses for want of descriptors or memory, and for no other failure")
  func failures() {
    let exhausted = (1...133).filter { StreamListener.isExhausted($0) }
    #expect(exhausted == [ENOMEM, ENFILE, EMFILE, ENOBUFS])
  }

  @Test("Who came while there was no descriptor left is served when there is one again")
  func noDescriptors() async {
    await #expect(processExitsWith: .success) {
      let server = try Server(Self.both)
      let client = try #require(TCPClient(port: server.port(.tcp)))
      var usual = rlimit()
      getrlimit(CInt(RLIMIT_NOFILE.rawValue), &usual)
      let free = dup(0)
      close(free)
      var few = usual
      few.rlim_cur = rlim_t(free)
      setrlimit(CInt(RLIMIT_NOFILE.rawValue), &few)
      for _ in 0..<10 { server.turn() }
      precondition(server.connections == 0)
      setrlimit(CInt(RLIMIT_NOFILE.rawValue), &usual)
      client.send(StreamWorld.request("OPTIONS"))
      var text = ""
      server.turn {
        text += client.receive() ?? ""
        return text.hasPrefix("SIP/2.0 200")
      }
    }
  }

  @Test("A site may speak TCP alone, by IPv6 as well")
  func withoutDatagrams() throws {
    let server = try Server([
      SIPListener(.tcp, host: "127.0.0.1", port: 0), SIPListener(.tcp, host: "::1", port: 0),
    ])
    #expect(server.transports.listeners.allSatisfy { $0.port > 0 })
    let client = try #require(TCPClient(port: server.port(.tcp)))
    client.send(StreamWorld.request("OPTIONS"))
    var text = ""
    server.turn {
      text += client.receive() ?? ""
      return text.hasPrefix("SIP/2.0 200")
    }
  }

  @Test("A peer that does not read is closed, and others are served meanwhile")
  func slowReader() throws {
    let server = try Server(Self.both)
    let slow = try #require(TCPClient(port: server.port(.tcp)))
    let other = try #require(TCPClient(port: server.port(.tcp)))
    server.turn { server.connections == 2 }
    var number = 0
    // The kernel's buffers take some megabytes, ours 256 kB.
    while server.connections == 2, number < 100_000 {
      slow.send(
        (0..<20).map { StreamWorld.request("OPTIONS", branch: "\(number + $0)") }.joined()
      )
      number += 20
      for _ in 0..<3 { server.turn() }
    }
    #expect(server.connections == 1)
    other.send(StreamWorld.request("OPTIONS", branch: "other"))
    var text = ""
    server.turn {
      text += other.receive() ?? ""
      return text.hasPrefix("SIP/2.0 200")
    }
  }

  @Test("Addresses that cannot be listened on are refused with a sentence")
  func wrongAddresses() throws {
    let server = try Server(Self.both)
    for listener in [
      SIPListener(.tcp, host: "localhost", port: 0),
      SIPListener(.tcp, host: "127.0.0.1", port: server.port(.tcp)),
    ] {
      #expect(throws: ReactorError.self) { _ = try LineTransports(listeners: [listener]) }
    }
  }
}
