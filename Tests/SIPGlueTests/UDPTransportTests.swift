import Reactor
import SIPGlue
import Testing

@Suite struct UDPTransportTests {
  /// Receives until `count` datagrams have come; a hanging test ends by its time limit.
  private func receive(_ count: Int, on transport: inout UDPTransport) -> [[UInt8]] {
    var datagrams: [[UInt8]] = []
    while datagrams.count < count {
      datagrams.append(contentsOf: transport.receiveCopies().map(\.bytes))
    }
    return datagrams
  }

  private typealias Outgoing = [(bytes: [UInt8], destination: SocketAddress)]

  private func append(_ datagrams: [[UInt8]], to queue: inout Outgoing, _ peer: SocketAddress) {
    for datagram in datagrams { queue.append((datagram, peer)) }
  }

  @Test(.timeLimit(.minutes(15)), arguments: ["127.0.0.1", "::1"])
  func aQueueOfSeveralBatchesArrivesInOrder(address: String) throws {
    var server = try UDPTransport(address: address, port: 0)
    var client = try UDPTransport(address: address, port: 0)
    let datagrams = (0..<300).map { Array("OPTIONS sip:\($0)@a.example SIP/2.0\r\n".utf8) }
    var queue = Outgoing()
    append(datagrams, to: &queue, server.address)
    client.send(copies: queue)
    #expect(receive(300, on: &server) == datagrams)
    #expect(client.counters.sent == 300)
    #expect(server.counters.received == 300)
    #expect(client.counters.refused == 0)
    #expect(client.interest == server.interest)
  }

  @Test(.timeLimit(.minutes(15)))
  func anAnswerReachesTheSender() throws {
    var server = try UDPTransport(address: "127.0.0.1", port: 0)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    var queue = Outgoing()
    append([Array("ping".utf8)], to: &queue, server.address)
    client.send(copies: queue)
    var answers = Outgoing()
    while answers.isEmpty {
      for (bytes, source) in server.receiveCopies() { answers.append((bytes, source)) }
    }
    #expect(answers.map(\.destination) == [client.address])
    server.send(copies: answers)
    #expect(receive(1, on: &client) == [Array("ping".utf8)])
  }

  @Test(.timeLimit(.minutes(15)))
  func aRefusedDatagramDoesNotStopTheOthers() throws {
    var server = try UDPTransport(address: "127.0.0.1", port: 0)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let unreachable = SocketAddress(ipv6: 0, 1, port: 5060)
    var queue = Outgoing()
    var expected: [[UInt8]] = []
    for number in 0..<200 {
      let datagram = Array("datagram \(number)".utf8)
      if number % 7 == 3 {
        append([datagram], to: &queue, unreachable)
      } else {
        append([datagram], to: &queue, server.address)
        expected.append(datagram)
      }
    }
    client.send(copies: queue)
    #expect(receive(expected.count, on: &server) == expected)
    #expect(client.counters.refused == 200 - expected.count)
    #expect(client.counters.sent == expected.count)
    #expect(client.lastFailure == 97)
  }

  @Test(.timeLimit(.minutes(15)))
  func runsSentInSegmentsArriveAsTheyWereWritten() throws {
    var options = UDPTransport.Options()
    options.segments = true
    var server = try UDPTransport(address: "127.0.0.1", port: 0)
    var client = try UDPTransport(address: "127.0.0.1", port: 0, options)
    var expected: [[UInt8]] = []
    var queue = Outgoing()
    for number in 0..<200 {
      let size = number % 10 == 9 ? 300 : 448
      let datagram = [UInt8](repeating: UInt8(number), count: size)
      append([datagram], to: &queue, server.address)
      expected.append(datagram)
    }
    client.send(copies: queue)
    #expect(receive(200, on: &server) == expected)
    #expect(client.counters.sent == 200)
  }

  @Test(.timeLimit(.minutes(15)))
  func aDatagramThatIsTooLargeIsCountedAndIgnored() throws {
    var options = UDPTransport.Options()
    options.datagramMax = 100
    var server = try UDPTransport(address: "127.0.0.1", port: 0, options)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    var queue = Outgoing()
    append(
      [Array(repeating: 1, count: 101), Array(repeating: 2, count: 100)],
      to: &queue,
      server.address
    )
    client.send(copies: queue)
    #expect(receive(1, on: &server) == [Array(repeating: 2, count: 100)])
    #expect(server.counters.tooLarge == 1)
  }

  @Test(.timeLimit(.minutes(15)))
  func aPeerThatIsGoneDisturbsNobody() throws {
    func portOfTheDead() throws -> SocketAddress {
      try UDPTransport(address: "127.0.0.1", port: 0).address
    }
    let dead = try portOfTheDead()
    var server = try UDPTransport(address: "127.0.0.1", port: 0)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    for number in 0..<10 {
      var queue = Outgoing()
      append([Array("to nobody".utf8)], to: &queue, dead)
      append([Array("to the living \(number)".utf8)], to: &queue, server.address)
      client.send(copies: queue)
    }
    #expect(receive(10, on: &server) == (0..<10).map { Array("to the living \($0)".utf8) })
    #expect(client.receiveCopies().count == 0)
    #expect(client.counters.receiveFailures == 0)
  }

  @Test func whatAFullKernelDoesNotTakeWaitsInOrder() {
    var window = SendWindow()
    var counters = UDPTransport.Counters()
    #expect(window.fill(of: 100, max: 64) == true)
    #expect(window.rest == Array(0..<64))
    // Ten have left, but not the first ten.
    let left = [3, 5] + Array(12..<64)
    #expect(window.note(.blocked(10, rest: left), counting: &counters) == .wait)
    #expect(window.isBlocked)
    window.open()
    #expect(!window.isBlocked)
    // The switch has appended in the meantime.
    #expect(window.fill(of: 120, max: 64) == true)
    #expect(window.rest == left)
    #expect(window.note(.all(54), counting: &counters) == .goOn)
    #expect(window.fill(of: 120, max: 64) == true)
    #expect(window.rest == Array(64..<120))
    // What is left of what was left.
    #expect(window.note(.blocked(54, rest: [1, 55]), counting: &counters) == .wait)
    #expect(window.rest == [65, 119])
    #expect(window.note(.all(2), counting: &counters) == .goOn)
    #expect(window.fill(of: 120, max: 64) == false)
    #expect(counters.sent == 120)
    #expect(counters.blocked == 2)
    window.restart()
    #expect(window.fill(of: 1, max: 64) == true)
    #expect(window.rest == [0])
  }

  @Test func whatIsRefusedIsGivenUpAndTheRestGoesOn() {
    var window = SendWindow()
    var counters = UDPTransport.Counters()
    #expect(window.fill(of: 10, max: 64) == true)
    let refused = DatagramSocket.Flushed.refused(2, rest: [1, 9], code: 101)
    #expect(window.note(refused, counting: &counters) == .failed(101))
    #expect(window.fill(of: 10, max: 64) == true)
    #expect(window.rest == [1, 9])
    let last = DatagramSocket.Flushed.refused(1, rest: [], code: 101)
    #expect(window.note(last, counting: &counters) == .failed(101))
    #expect(window.fill(of: 10, max: 64) == false)
    #expect(counters.sent == 3)
    #expect(counters.refused == 2)
    #expect(!window.isBlocked)
  }

  @Test(.timeLimit(.minutes(15)))
  func onlyWhatMayLeaveIsSent() throws {
    var server = try UDPTransport(address: "127.0.0.1", port: 0)
    var client = try UDPTransport(address: "127.0.0.1", port: 0)
    let target = Endpoint(ipv4: 0x7F00_0001, port: server.address.port)
    var queue = OutgoingQueue()
    for number in 0..<5 { "message \(number)".withByteView { _ = queue.append($0, to: target) } }
    var gone = client.send(&queue, first: 2)
    #expect(gone == 2)
    let kept = queue.count
    #expect(kept == 3)
    "message 5".withByteView { _ = queue.append($0, to: target) }
    gone = client.send(&queue, first: 1)
    #expect(gone == 1)
    gone = client.send(&queue, first: 0)
    #expect(gone == 0)
    gone = client.send(&queue)
    #expect(gone == 3)
    let left = queue.count
    #expect(left == 0)
    #expect(receive(6, on: &server) == (0..<6).map { Array("message \($0)".utf8) })
  }

  @Test func aNameIsNotAnAddress() {
    #expect(throws: (any Error).self) { _ = try UDPTransport(address: "localhost", port: 0) }
  }
}
