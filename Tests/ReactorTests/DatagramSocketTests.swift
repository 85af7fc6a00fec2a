import Reactor
import Testing

@Suite struct DatagramSocketTests {
  private static func loopback(_ port: UInt16 = 0, v6: Bool = false) -> SocketAddress {
    v6 ? SocketAddress(ipv6: 0, 1, port: port) : SocketAddress(ipv4: 0x7f00_0001, port: port)
  }

  /// Sends every payload, flushing whenever the batch is full.
  private func send(
    _ payloads: [[UInt8]],
    from sender: inout DatagramSocket,
    to address: SocketAddress
  ) {
    let all = payloads.flatMap { $0 }
    all.withUnsafeBytes { bytes in
      var offset = 0
      for payload in payloads {
        let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + payload.count])
        if !sender.stage(part, to: address) {
          #expect(sender.flush() == .all(64))
          #expect(sender.stage(part, to: address) == true)
        }
        offset += payload.count
      }
      let staged = sender.stagedCount
      #expect(sender.flush() == .all(staged))
    }
  }

  private func receive(_ count: Int, on socket: inout DatagramSocket) throws -> [[UInt8]] {
    var payloads: [[UInt8]] = []
    while payloads.count < count {
      let ready = try Readiness.wait(for: socket.descriptor, .readable, timeout: 30_000_000_000)
      guard ready.contains(.readable) else { break }
      for index in 0..<(try socket.receive()) { payloads.append(Array(socket.bytes(at: index))) }
    }
    return payloads
  }

  @Test(arguments: [false, true])
  func datagramsArriveWholeAndWithTheirSource(v6: Bool) throws {
    var server = try DatagramSocket(bindingTo: Self.loopback(v6: v6))
    var client = try DatagramSocket(bindingTo: Self.loopback(v6: v6))
    #expect(server.address.port != 0)
    let payloads = (0..<100).map { Array("datagram \($0)".utf8) }
    send(payloads, from: &client, to: server.address)
    #expect(try receive(100, on: &server) == payloads)
    #expect(server.source(at: 0) == client.address)
    #expect(try server.receive() == 0)
    #expect(server.kernelDrops == 0)
  }

  @Test func theLargestDatagramFits() throws {
    var server = try DatagramSocket(bindingTo: Self.loopback())
    var client = try DatagramSocket(bindingTo: Self.loopback())
    let payload = (0..<65_507).map { UInt8(truncatingIfNeeded: $0) }
    send([payload, [], payload], from: &client, to: server.address)
    #expect(try receive(3, on: &server) == [payload, [], payload])
  }

  @Test func aDatagramLargerThanItsBufferIsReportedAsTruncated() throws {
    var options = DatagramSocket.Options()
    options.datagramMax = 1_000
    var server = try DatagramSocket(bindingTo: Self.loopback(), options)
    var client = try DatagramSocket(bindingTo: Self.loopback())
    send(
      [Array(repeating: 1, count: 1_000), Array(repeating: 2, count: 1_001)],
      from: &client,
      to: server.address
    )
    var cut: [Bool] = []
    while cut.count < 2 {
      for index in 0..<(try server.receive()) { cut.append(server.isTruncated(at: index)) }
    }
    #expect(cut == [false, true])
  }

  @Test func runsOfOneSizeAreCutApartByTheKernel() throws {
    var server = try DatagramSocket(bindingTo: Self.loopback())
    var other = try DatagramSocket(bindingTo: Self.loopback())
    var client = try DatagramSocket(bindingTo: Self.loopback())
    // Sizes as they come: runs, a shorter one that ends a run, a larger one that starts another.
    let sizes = [448, 448, 448, 100, 448, 448, 512, 512, 0, 512, 1]
    let payloads = sizes.enumerated().map { index, size in
      [UInt8](repeating: UInt8(index), count: size)
    }
    send(payloads, from: &client, to: server.address)
    #expect(try receive(payloads.count, on: &server) == payloads)
    let flat: [UInt8] = [1, 2, 3, 4]
    flat.withUnsafeBytes { bytes in
      for (offset, port) in [server.address, other.address, server.address].enumerated() {
        let one = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 1])
        #expect(client.stage(one, to: port) == true)
      }
      #expect(client.flush() == .all(3))
    }
    #expect(try receive(2, on: &server) == [[1], [3]])
    #expect(try receive(1, on: &other) == [[2]])
  }

  @Test("Each peer gets its datagrams in order, whoever else is sent to", arguments: [true, false])
  func interleaved(segments: Bool) throws {
    #expect(try exchange(segments: segments) == segments)
  }

  @Test("No run is refused where packets are small", arguments: [1_500, 1_280], [false, true])
  func smallPackets(bytes: Int32, v6: Bool) throws {
    guard let segments = try TestNetwork.run(packetMax: bytes, { try exchange(v6: v6) }) else {
      print("skipped: a network of its own takes root")
      return
    }
    #expect(segments == true)
  }

  /// Sends what differs in size to peers in turns; whether runs are still sent after it.
  private func exchange(segments: Bool = true, v6: Bool = false) throws -> Bool {
    var options = DatagramSocket.Options()
    options.segments = segments
    var client = try DatagramSocket(bindingTo: Self.loopback(v6: v6), options)
    // More peers than are looked at for a run, and few sizes, some too large for one.
    var servers: [Peer] = []
    for _ in 0..<11 { servers.append(Peer(try DatagramSocket(bindingTo: Self.loopback(v6: v6)))) }
    var seed: UInt64 = 7
    func next(_ bound: UInt64) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((seed >> 33) % bound)
    }
    for round in 0..<40 {
      var sent: [[[UInt8]]] = Array(repeating: [], count: servers.count)
      let peers = UInt64(1 + round % servers.count)
      var payloads: [(peer: Int, bytes: [UInt8])] = []
      for number in 0..<64 {
        let size = [300, 300, 300, 299, 300, 1_232, 2_000, 0][next(8)]
        payloads.append((next(peers), [UInt8](repeating: UInt8(number), count: size)))
      }
      for payload in payloads { sent[payload.peer].append(payload.bytes) }
      let flat = payloads.flatMap(\.bytes)
      flat.withUnsafeBytes { bytes in
        var start = 0
        for (peer, payload) in payloads {
          let end = start + payload.count
          let one = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
          #expect(client.stage(one, to: servers[peer].socket.address) == true)
          start = end
        }
        #expect(client.flush() == .all(64))
      }
      for (server, expected) in zip(servers, sent) where !expected.isEmpty {
        #expect(try receive(expected.count, on: &server.socket) == expected)
      }
    }
    return client.segments
  }

  /// A box: what cannot be copied goes into no array.
  private final class Peer {
    var socket: DatagramSocket
    init(_ socket: consuming DatagramSocket) { self.socket = socket }
  }

  @Test func aRefusedRunIsSentInPiecesAndGivenUpOneByOne() throws {
    var server = try DatagramSocket(bindingTo: Self.loopback())
    var client = try DatagramSocket(bindingTo: Self.loopback())
    let flat: [UInt8] = [1, 2, 3, 4, 5]
    let wrong = Self.loopback(9, v6: true)
    flat.withUnsafeBytes { bytes in
      for offset in 0..<5 {
        let one = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 1])
        #expect(client.stage(one, to: offset % 2 == 1 ? wrong : server.address) == true)
      }
      // The three for the server go first, as one; the two others are one as well.
      #expect(client.flush() == .refused(3, rest: [3], code: 97))
      client.discardStaged()
      // Nothing is wrong with runs.
      #expect(client.segments == true)
    }
    #expect(try receive(3, on: &server) == [[1], [3], [5]])
  }

  @Test func aRefusedDatagramIsNamedAndTheOthersAreKept() throws {
    var server = try DatagramSocket(bindingTo: Self.loopback())
    var client = try DatagramSocket(bindingTo: Self.loopback())
    let flat: [UInt8] = [1, 2]
    flat.withUnsafeBytes { bytes in
      let first = UnsafeRawBufferPointer(rebasing: bytes[0..<1])
      let second = UnsafeRawBufferPointer(rebasing: bytes[1..<2])
      #expect(client.stage(first, to: server.address) == true)
      // An IPv6 destination on an IPv4 socket: EAFNOSUPPORT.
      #expect(client.stage(second, to: Self.loopback(9, v6: true)) == true)
      #expect(client.flush() == .refused(1, rest: [], code: 97))
      #expect(client.stagedCount == 1)
      client.discardStaged()
      #expect(client.stagedCount == 0)
    }
    #expect(try receive(1, on: &server) == [[1]])
  }

  @Test func aPortInUseIsNamedInTheError() throws {
    let server = try DatagramSocket(bindingTo: Self.loopback())
    let error = #expect(throws: ReactorError.self) {
      _ = try DatagramSocket(bindingTo: server.address)
    }
    #expect(
      error?.description == "bind udp \(server.address): Address already in use (errno 98)"
    )
  }

  @Test func socketsOfOneProcessCanShareAPortThatNobodyElseHas() throws {
    var options = DatagramSocket.Options()
    options.sharing = .first
    let first = try DatagramSocket(bindingTo: Self.loopback(), options)
    options.sharing = .joins
    let second = try DatagramSocket(bindingTo: first.address, options)
    #expect(first.address == second.address)
    // Another server's first socket joins nobody, nor does one that wants the port for itself.
    for sharing in [PortSharing.first, .none] {
      options.sharing = sharing
      let others = options
      #expect(throws: ReactorError.self) {
        _ = try DatagramSocket(bindingTo: first.address, others)
      }
    }
  }

  @Test func addressesAreReadAndSpelled() {
    #expect(SocketAddress("127.0.0.1", port: 5060)?.description == "127.0.0.1:5060")
    #expect(SocketAddress("2001:db8::7", port: 5060)?.description == "[2001:db8::7]:5060")
    #expect(SocketAddress("2001:db8::7", port: 5060)?.host == "2001:db8::7")
    #expect(SocketAddress("192.0.2.255", port: 1)?.low == 0xc000_02ff)
    #expect(SocketAddress("localhost", port: 5060) == nil)
    #expect(SocketAddress("1.2.3", port: 5060) == nil)
    #expect(SocketAddress("", port: 5060) == nil)
  }
}
