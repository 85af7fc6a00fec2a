import Foundation
import Service
import Testing
import Wire

@Suite("A server with line threads", .serialized, .timeLimit(.minutes(15)))
struct LineThreadServiceTests {
  private static let any = ["any.lua": "return function(call) return ANY end"]

  private static func site(_ phones: [LoopbackPhone], threads: Int, port: UInt16 = 0) -> String {
    let extensions = phones.map { "[\"\($0.user)\"] = { contact = \"\($0.contact)\" }," }
    let agents = phones.map {
      "[\"1\($0.user)\"] = { extension = \"\($0.user)\", login = \"auto\" },"
    }
    return """
      return {
        sip = {
          listen = { "udp:127.0.0.1:\(port)", "tcp:127.0.0.1:0" }, domain = "test.local",
          trusted = { "127.0.0.0/8" }, line_threads = \(threads),
        },
        extensions = { \(extensions.joined(separator: "\n")) ["7009"] = {} },
        agents = { \(agents.joined(separator: "\n")) },
        queues = {},
        routing_points = { ["8000"] = { strategy = "any", timeout = 600 } },
      }
      """
  }

  /// A REGISTER; the status that it is answered with.
  private static func register(_ dn: String, _ sequence: Int, at server: UInt16) -> Int? {
    let socket = LoopbackSocket()
    socket.send(
      """
      REGISTER sip:test.local SIP/2.0\r
      Via: SIP/2.0/UDP 127.0.0.1:\(socket.port);branch=z9hG4bK\(dn)\(sequence)\r
      Max-Forwards: 70\r
      From: <sip:\(dn)@test.local>;tag=r\r
      To: <sip:\(dn)@test.local>\r
      Call-ID: register-\(dn)\r
      CSeq: \(sequence) REGISTER\r
      Contact: <sip:\(dn)@127.0.0.1:\(socket.port)>;expires=3600\r
      Content-Length: 0\r
      \r

      """,
      to: server
    )
    return socket.receive(milliseconds: 30_000)?.status
  }

  @Test("Calls, registrations and events are those of one thread; calls outlive a restart")
  func callsAndRestart() throws {
    let phones = ["7001", "7002", "7003"].map { LoopbackPhone($0) }
    let threads = phones.map { $0.start() }
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    defer {
      for phone in phones { phone.stop() }
      wait { threads.allSatisfy(\.isDone) }
      try? FileManager.default.removeItem(atPath: folder)
    }
    var service: RunningService? = try RunningService(
      site: Self.site(phones, threads: 2),
      strategies: Self.any,
      in: folder
    )
    let ready = service?.said.first { $0.hasPrefix("ready ") } ?? ""
    let address = ready.split(separator: "=").dropFirst().first?.split(separator: ",").first
    let port = try #require(address?.split(separator: ":").last.flatMap { UInt16($0) })
    #expect(Self.register("7009", 1, at: port) == 200)
    let callers = (0..<3).map { LoopbackCaller("442\($0)", calls: "8000", at: port) }
    for caller in callers { caller.invite() }
    for caller in callers {
      #expect(caller.wait(for: 200), "\(caller.statuses)")
      #expect(caller.statuses.first == 100)
      caller.acknowledge()
    }
    #expect(callers[0].hangUp())
    wait { phones.filter { $0.requests.contains("BYE") }.count == 1 }
    let before = try #require(try service?.events())
    #expect(before.map { $0["seq"]?.integer } == (1...before.count).map { Int64($0) })
    service?.door.stop()
    service?.door.stop()
    wait { service?.hasEnded ?? true }
    service = nil

    let again = try RunningService(
      site: Self.site(phones, threads: 3, port: port),
      strategies: Self.any,
      in: folder
    )
    #expect(!again.hasEnded, "\(again.said)")
    for caller in callers.dropFirst() { #expect(caller.hangUp()) }
    wait { phones.allSatisfy { $0.requests == ["INVITE", "ACK", "BYE"] } }
    for phone in phones { #expect(phone.requests == ["INVITE", "ACK", "BYE"]) }
    #expect(Self.register("7009", 2, at: port) == 200)
    #expect(Self.register("7009", 1, at: port) == 500)
    let dns = try again.ask(ControlRequest("dns"))["dns"]?.elements ?? []
    let registered = dns.first { $0["dn"]?.string == "7009" }
    #expect(registered?["in_service"]?.bool == true, "\(dns)")
  }

  @Test("A changed number of line threads waits for a restart, and a reload says so")
  func reload() throws {
    let service = try RunningService(site: Self.site([], threads: 2), strategies: Self.any)
    try service.write(Self.site([], threads: 4), to: "site.lua")
    service.door.reload()
    wait { service.said.contains { $0.contains("restart it") } }
    #expect(service.said.contains { $0.contains("site.lua has changed") })
    #expect(!service.hasEnded)
  }
}
