import Foundation
import Journal
import Service
import Testing
import Wire

@Suite("A server goes on where it ended", .serialized)
struct RestartTests {
  private static func site(_ phone: LoopbackPhone, more: String = "") -> String {
    """
    return {
      name = "test",
      sip = {
        listen = { "udp:127.0.0.1:0" }, domain = "test.local", trusted = { "127.0.0.0/8" },
      },
      extensions = {
        ["\(phone.user)"] = { contact = "\(phone.contact)" }, ["7010"] = {}, ["7011"] = {},
      },
      agents = {
        ["1001"] = { skills = { sales = 7 }, extension = "\(phone.user)", login = "auto" },
        ["1010"] = { skills = { sales = 1 }, extension = "7010" }, ["1011"] = {}, \(more)
      },
      queues = { ["9000"] = { agents = "sales > 0" } },
      routing_points = { ["8000"] = { strategy = "any", default = { "queue:9000" } } },
    }
    """
  }

  private static let any = [
    "any.lua": """
    return function(call)
      state.calls = (state.calls or 0) + 1
      call:attach { number = tostring(state.calls) }
      return ANY
    end
    """
  ]

  /// A folder that several services use one after the other, and a phone that answers.
  private final class Ground {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    let phone = LoopbackPhone("7001")
    private let thread: BackgroundThread

    init() { thread = phone.start() }

    deinit {
      phone.stop()
      let thread = thread
      wait { thread.isDone }
      try? FileManager.default.removeItem(atPath: folder)
    }

    func serve(more: String = "", strategies: [String: String] = RestartTests.any) throws
      -> RunningService
    {
      let site = RestartTests.site(phone, more: more)
      return try RunningService(site: site, strategies: strategies, in: folder)
    }

    /// Exports what the store has, and replays it with its strategies.
    func replay(trustsSteps: Bool = false) throws -> ReplayReport {
      let path = folder + "/out.jsonl"
      _ = try Recordings.export(data: folder + "/var", RecordingPart(), to: path)
      return try Recordings.replay(path, data: nil, trustsSteps: trustsSteps)
    }
  }

  private func end(_ service: RunningService) {
    service.door.stop()
    wait { service.hasEnded }
    #expect(service.said.last == "ended", "\(service.said)")
  }

  /// As `kill -9` does, but for what is written: nobody is told anything.
  private func endAtOnce(_ service: RunningService) {
    service.door.stop()
    service.door.stop()
    wait { service.hasEnded }
    #expect(service.said.last == "ended", "\(service.said)")
  }

  private func agent(_ id: String, _ action: String, _ service: RunningService) throws {
    var request = ControlRequest("agent")
    request.set("agent", id)
    request.set("action", action)
    _ = try service.ask(request)
  }

  private func register(_ dn: String, at port: UInt16, expires: Int) -> String? {
    let socket = LoopbackSocket()
    socket.send(
      """
      REGISTER sip:test.local SIP/2.0\r
      Via: SIP/2.0/UDP 127.0.0.1:\(socket.port);branch=z9hG4bK\(UUID().uuidString)\r
      Max-Forwards: 70\r
      From: <sip:\(dn)@test.local>;tag=1\r
      To: <sip:\(dn)@test.local>\r
      Call-ID: \(UUID().uuidString)\r
      CSeq: 1 REGISTER\r
      Contact: <sip:\(dn)@127.0.0.1:\(socket.port)>;expires=\(expires)\r
      Content-Length: 0\r
      \r

      """,
      to: port
    )
    return socket.receive(milliseconds: 30_000)?.start
  }

  private func placeCall(_ service: RunningService, _ ground: Ground) {
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    #expect(caller.hangUp())
    wait { (try? service.state(of: "1001")) == "ready" }
  }

  private func inService(_ service: RunningService) throws -> [String] {
    let dns = try service.ask(ControlRequest("dns"))["dns"]?.elements ?? []
    return dns.filter { $0["in_service"]?.bool == true }.compactMap { $0["dn"]?.string }
  }

  @Test("Agents, registrations, statistics, numbers and kept values", .timeLimit(.minutes(15)))
  func everythingComesBack() throws {
    let ground = Ground()
    let first = try ground.serve()
    try #require(first.port != 0, "\(first.said)")
    #expect(register("7010", at: first.port, expires: 600)?.contains("200") == true)
    try agent("1010", "login", first)
    try agent("1010", "ready", first)
    try agent("1010", "not-ready", first)
    placeCall(first, ground)
    let events = try first.events()
    let statistics = try first.ask(ControlRequest("statistics"))
    let before = try inService(first)
    #expect(before.contains("7010"))
    end(first)

    let second = try ground.serve()
    try #require(second.port != 0, "\(second.said)")
    #expect(try second.state(of: "1010") == "not_ready")
    #expect(try second.state(of: "1001") == "ready")
    #expect(try second.state(of: "1011") == "logged_out")
    #expect(try inService(second) == before)
    #expect(try second.events() == events)
    let again = try second.ask(ControlRequest("statistics"))
    #expect(again["calls"] == statistics["calls"])
    #expect(again["answered"] == statistics["answered"])
    placeCall(second, ground)
    let all = try second.events()
    #expect(all.map { $0["seq"]?.integer } == (1...all.count).map { Int64($0) })
    let ids = all.compactMap { $0["CallID"]?.integer }
    #expect(Set(ids) == [1, 2])
    let numbers = all.compactMap { $0["UserData"]?["number"]?.string }
    #expect(numbers.last == "2", "\(all)")
    end(second)
    let report = try ground.replay()
    #expect(report.divergence == nil)
    #expect(report.events >= all.count)
    #expect(report.steps > 2)
    #expect(try ground.replay(trustsSteps: true).divergence == nil)
  }

  @Test("A registration that has ended meanwhile is out of service", .timeLimit(.minutes(15)))
  func endedRegistration() throws {
    let ground = Ground()
    let first = try ground.serve()
    #expect(register("7010", at: first.port, expires: 10)?.contains("200") == true)
    #expect(try inService(first).contains("7010"))
    end(first)
    sleep(11)
    let second = try ground.serve()
    try wait { try !inService(second).contains("7010") }
    #expect(try !inService(second).contains("7010"))
    end(second)
    #expect(try ground.replay().divergence == nil)
  }

  @Test("A caller who waits in a queue waits on, and is answered", .timeLimit(.minutes(15)))
  func callsThatWait() throws {
    let ground = Ground()
    let first = try ground.serve()
    try agent("1001", "not-ready", first)
    let caller = LoopbackCaller("4420", calls: "9000", at: first.port)
    caller.invite()
    #expect(caller.wait(for: 182), "\(caller.statuses)")
    endAtOnce(first)
    let second = try ground.serve()
    #expect(second.said.contains { $0.hasPrefix("1 call goes on") }, "\(second.said)")
    caller.server = second.port
    let calls = try second.ask(ControlRequest("calls"))["calls"]?.elements ?? []
    #expect(calls.map { $0["state"]?.string } == ["queued"])
    try agent("1001", "ready", second)
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    #expect(caller.tagged.count == 1, "\(caller.tagged)")
    caller.acknowledge()
    #expect(caller.hangUp())
    wait { (try? second.state(of: "1001")) == "ready" }
    end(second)
    #expect(try ground.replay().divergence == nil)
  }

  @Test("Who talks talks on, and the call ends on both sides", .timeLimit(.minutes(15)))
  func callsThatTalk() throws {
    let ground = Ground()
    let first = try ground.serve()
    let caller = LoopbackCaller("4420", calls: "8000", at: first.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    wait { ground.phone.requests.last == "ACK" }
    endAtOnce(first)
    #expect(!ground.phone.requests.contains("BYE"))
    let second = try ground.serve()
    caller.server = second.port
    #expect(try second.state(of: "1001") == "busy")
    #expect(caller.hangUp())
    #expect(wait { ground.phone.requests.contains("BYE") }, "\(ground.phone.requests)")
    wait { (try? second.state(of: "1001")) == "ready" }
    let kinds = try second.events().compactMap { $0["event"]?.string }
    #expect(kinds.filter { $0 == "EventReleased" }.count == 1)
    end(second)
    #expect(try ground.replay().divergence == nil)
  }

  @Test("A suspended strategy goes on in its own generation", .timeLimit(.minutes(15)))
  func suspendedStrategies() throws {
    let ground = Ground()
    let pausing = [
      "any.lua": """
      return function(call)
        local bits = random()
        call:wait(1)
        call:attach { before = tostring(bits), entered = tostring(call.entered) }
        return ANY
      end
      """
    ]
    let first = try ground.serve(strategies: pausing)
    let caller = LoopbackCaller("4420", calls: "8000", at: first.port)
    caller.invite()
    try wait { try first.events().contains { $0["event"]?.string == "EventRouteRequest" } }
    endAtOnce(first)
    let second = try ground.serve(strategies: ["any.lua": "return function() return nil end"])
    #expect(!second.said.contains { $0.contains("cannot go on") }, "\(second.said)")
    caller.server = second.port
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    #expect(caller.hangUp())
    wait { (try? second.state(of: "1001")) == "ready" }
    let used = try second.events().first { $0["event"]?.string == "EventRouteUsed" }
    #expect(used?["RouteType"]?.integer != 1, "\(String(describing: used))")
    #expect(try second.events().contains { $0["UserData"]?["before"] != nil })
    end(second)
    let report = try ground.replay()
    #expect(report.divergence == nil)
  }

  @Test("Another generation after the restart is told to the engine", .timeLimit(.minutes(15)))
  func otherStrategies() throws {
    let ground = Ground()
    let first = try ground.serve()
    placeCall(first, ground)
    end(first)
    let changed = Self.any.mapValues { $0.replacingOccurrences(of: "ANY", with: "queue \"9000\"") }
    let second = try ground.serve(strategies: changed)
    placeCall(second, ground)
    let all = try second.events()
    #expect(all.contains { $0["ThisDN"]?.string == "9000" })
    #expect(all.compactMap { $0["UserData"]?["number"]?.string }.last == "2")
    end(second)
    let report = try ground.replay()
    #expect(report.divergence == nil)
    #expect(report.steps > 2)
  }

  @Test(
    "Another site begins another recording and takes over what it can",
    .timeLimit(.minutes(15))
  )
  func otherSite() throws {
    let ground = Ground()
    let first = try ground.serve()
    #expect(register("7010", at: first.port, expires: 600)?.contains("200") == true)
    try agent("1010", "login", first)
    try agent("1010", "not-ready", first)
    placeCall(first, ground)
    let last = try first.events().count
    end(first)
    let second = try ground.serve(more: "[\"1012\"] = {},")
    try #require(second.port != 0, "\(second.said)")
    #expect(try second.state(of: "1010") == "not_ready")
    #expect(try second.state(of: "1001") == "ready")
    #expect(try second.state(of: "1012") == "logged_out")
    #expect(try inService(second).contains("7010"))
    placeCall(second, ground)
    let all = try second.events()
    #expect(all.count > last)
    #expect(all.map { $0["seq"]?.integer } == (1...all.count).map { Int64($0) })
    #expect(all.compactMap { $0["UserData"]?["number"]?.string }.last == "2")
    end(second)
    let report = try ground.replay()
    #expect(report.divergence == nil)
    #expect(report.events >= all.count - last)
  }

  @Test("A damaged store is refused in one sentence", .timeLimit(.minutes(15)))
  func damaged() throws {
    let ground = Ground()
    end(try ground.serve())
    let path = ground.folder + "/var/pointsman.db"
    let garbage = Data(repeating: 7, count: 8_192)
    try garbage.write(to: URL(fileURLWithPath: path))
    for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + name) }
    let refused = try ground.serve()
    wait { refused.hasEnded }
    #expect(refused.said.last?.hasPrefix("failed: \(path) is damaged") == true, "\(refused.said)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
  }

  @Test("Without a store nothing is kept", .timeLimit(.minutes(15)))
  func noStore() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let ground = Ground()
    var options = ServeOptions()
    try FileManager.default.createDirectory(
      atPath: folder + "/strategies",
      withIntermediateDirectories: true
    )
    options.site = folder + "/site.lua"
    options.strategies = folder + "/strategies"
    options.data = folder + "/var"
    options.seconds = 0.2
    options.store = false
    #expect(Files.write(Self.site(ground.phone), to: options.site))
    #expect(Files.write(Self.any["any.lua"] ?? "", to: options.strategies + "/any.lua"))
    try Service.run(options) { _ in }
    #expect(!Files.exists(options.data + "/pointsman.db"))
  }
}
