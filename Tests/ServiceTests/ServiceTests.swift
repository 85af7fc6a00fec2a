import Foundation
import Service
import Testing
import Wire

@Suite("The service, end to end over loopback", .serialized)
struct ServiceTests {
  private static func site(
    _ phones: [(agent: String, phone: LoopbackPhone)],
    divert: String = "bridge"
  )
    -> String
  {
    let extensions = phones.map {
      "[\"\($0.phone.user)\"] = { contact = \"\($0.phone.contact)\" },"
    }
    let agents = phones.map {
      "[\"\($0.agent)\"] = { skills = { sales = 7 }, "
        + "extension = \"\($0.phone.user)\", login = \"auto\" },"
    }
    return """
      return {
        name = "test",
        sip = {
          listen = { "udp:127.0.0.1:0" }, domain = "test.local", trusted = { "127.0.0.0/8" },
        },
        extensions = {
          \(extensions.joined(separator: "\n")) ["7009"] = { password = "x" }, ["7010"] = {},
        },
        agents = { \(agents.joined(separator: "\n")) ["1009"] = { skills = { sales = 1 } } },
        queues = { ["9000"] = { agents = "sales > 0" } },
        routing_points = {
          ["8000"] = { strategy = "any", default = { "queue:9000" }, divert = "\(divert)" },
        },
      }
      """
  }

  private static let any = ["any.lua": "return function(call) return ANY end"]

  private static func isEvent(_ event: JSONValue, _ name: String, at dn: String) -> Bool {
    event["event"]?.string == name && event["ThisDN"]?.string == dn
  }

  @Test(
    "A call reaches a ready agent's phone, and its events come in order",
    .timeLimit(.minutes(15))
  )
  func aCallReachesAnAgent() throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(site: Self.site([("1001", phone)]), strategies: Self.any)
    try #require(service.port != 0, "\(service.said)")
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    #expect(caller.statuses.first == 100)
    caller.acknowledge()
    wait { phone.requests.contains("ACK") }
    #expect(try service.state(of: "1001") == "busy")
    let calls = try service.ask(ControlRequest("calls"))["calls"]?.elements ?? []
    #expect(calls.map { $0["state"]?.string } == ["established"])
    #expect(calls.map { $0["target"]?.string } == ["7001"])
    #expect(caller.hangUp())
    try wait { try service.state(of: "1001") == "ready" }
    wait { phone.requests.count == 3 }
    #expect(phone.requests == ["INVITE", "ACK", "BYE"])

    let events = try service.events()
    #expect(events.map { $0["seq"]?.integer } == (1...events.count).map { Int64($0) })
    let ofCall = events.filter { $0["ConnID"] != nil }
    #expect(
      ofCall.map { "\($0["event"]?.string ?? "") \($0["ThisDN"]?.string ?? "")" } == [
        "EventQueued 8000", "EventRouteRequest 8000", "EventRouteUsed 8000", "EventDiverted 8000",
        "EventRinging 7001", "EventEstablished 7001", "EventReleased 7001",
      ]
    )
    #expect(Set(ofCall.map { $0["ConnID"]?.string }).count == 1)
    for event in ofCall {
      #expect(event["CallUUID"]?.string?.count == 32)
      #expect(event["CallID"]?.integer != nil)
      #expect(event["CallType"]?.integer == 2)
      #expect(event["time"]?.string != nil)
    }
    #expect(ofCall[1]["ThisQueue"]?.string == "8000")
    #expect(ofCall[2]["ThirdPartyDN"]?.string == "7001")
  }

  @Test("A call's decision record can be had by any of its names", .timeLimit(.minutes(15)))
  func decisionRecords() throws {
    let service = try RunningService(
      site: Self.site([]),
      strategies: ["any.lua": "return function(call)\n  call:note \"hello\"\n  return ANY\nend"]
    )
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 100), "\(caller.statuses)")
    try wait { try !(service.ask(ControlRequest("calls"))["calls"]?.elements ?? []).isEmpty }
    func record(_ call: String, agent: String? = nil) throws -> JSONValue {
      var request = ControlRequest("decision")
      request.set("call", call)
      if let agent { request.set("agent", agent) }
      return try service.ask(request)
    }
    let last = try record("last")
    let asked = last["steps"]?.elements?.first { $0["step"]?.string == "asked" }
    #expect(asked?["place"]?.string?.hasSuffix("any.lua:2") == true)
    #expect(last["text"]?.elements?.last?.string == "  it is still here")
    for name in [last["call"]?.string, last["CallUUID"]?.string, "1", "4420"] {
      let found = try record(try #require(name))
      #expect(found["call"] == last["call"])
    }
    let notHim = try record("last", agent: "1009")["steps"]?.elements ?? []
    let words = notHim.last?["candidates"]?.elements?.first?["words"]?.string
    #expect(words?.hasPrefix("logged out since") == true)
    #expect(throws: (any Error).self) { try record("nobody") }
    #expect(throws: (any Error).self) { try record("last", agent: "4711") }
  }

  @Test("With redirect the caller is told the agent's address", .timeLimit(.minutes(15)))
  func redirect() throws {
    let phone = LoopbackPhone("7001")
    let site = Self.site([("1001", phone)], divert: "redirect")
    let service = try RunningService(site: site, strategies: Self.any)
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 302), "\(caller.statuses)")
    #expect(caller.last?["contact"].contains("127.0.0.1:\(phone.socket.port)") == true)
    caller.acknowledge()
  }

  @Test("Agents log in and out from a shell; a refusal says why", .timeLimit(.minutes(15)))
  func agents() throws {
    let phone = LoopbackPhone("7001")
    let service = try RunningService(site: Self.site([("1001", phone)]), strategies: Self.any)
    var request = ControlRequest("agent")
    request.set("action", "not-ready")
    request.set("agent", "1001")
    request.set("mode", UInt64(4))
    request.set("reason", "lunch")
    let agent = try service.ask(request)
    #expect(agent["state"]?.string == "not_ready")
    #expect(agent["work_mode"]?.integer == 4)
    #expect(agent["reason"]?.string == "lunch")
    let last = try #require(try service.events().last)
    #expect(last["event"]?.string == "EventAgentNotReady")
    #expect(last["AgentWorkMode"]?.integer == 4)

    request = ControlRequest("agent")
    request.set("action", "ready")
    request.set("agent", "nobody")
    var client = try ControlClient(data: service.data)
    guard case .refused(let message, _) = try client.ask(request) else {
      Issue.record("an unknown agent became ready")
      return
    }
    #expect(message.contains("nobody"))
    #expect(try service.events().last?["event"]?.string == "EventError")
    // The connection is still good after a refusal, and after nonsense.
    guard case .refused = try client.ask(ControlRequest("dance")) else {
      Issue.record("an unknown request was answered")
      return
    }
    let value = try client.result(of: ControlRequest("dns")).value
    let dns = (value["dns"]?.elements ?? []).compactMap { $0["dn"]?.string }
    #expect(dns == ["7001", "7009", "7010", "9000", "8000"])
  }

  @Test(
    "A changed strategy is in use for the next call; a broken one changes nothing",
    .timeLimit(.minutes(15))
  )
  func reload() throws {
    let phone = LoopbackPhone("7001")
    let service = try RunningService(site: Self.site([("1001", phone)]), strategies: Self.any)
    let before = try service.ask(ControlRequest("strategies"))["generation"]?.string

    try service.write("return function(call\n return ANY end", to: "strategies/any.lua")
    #expect(wait { service.said.contains { $0.contains("any.lua:2:") } }, "\(service.said)")
    #expect(try service.ask(ControlRequest("strategies"))["generation"]?.string == before)
    var client = try ControlClient(data: service.data)
    guard case .refused(_, let findings) = try client.ask(ControlRequest("reload")) else {
      Issue.record("a broken strategy was taken")
      return
    }
    #expect(findings.count == 1)
    #expect(findings.first?.contains("any.lua:2:") == true)

    try service.write("return function(call) return reject(486) end", to: "strategies/any.lua")
    #expect(wait { service.said.contains { $0.hasSuffix("is in use") } }, "\(service.said)")
    let after = try client.result(of: ControlRequest("reload")).value
    #expect(after["changed"]?.bool == false)
    #expect(after["generation"]?.string != before)
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 486), "\(caller.statuses)")
    caller.acknowledge()
  }

  @Test(
    "A phone that registers from one port and listens on another is called at its contact",
    .timeLimit(.minutes(15))
  )
  func registration() throws {
    let phone = LoopbackPhone("7010")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(site: Self.site([]), strategies: Self.any)
    let registering = LoopbackSocket()
    registering.send(
      """
      REGISTER sip:test.local SIP/2.0\r
      Via: SIP/2.0/UDP 127.0.0.1:\(registering.port);branch=z9hG4bKr1\r
      Max-Forwards: 70\r
      From: <sip:7010@test.local>;tag=r1\r
      To: <sip:7010@test.local>\r
      Call-ID: r1\r
      CSeq: 1 REGISTER\r
      Contact: <\(phone.contact)>\r
      Expires: 600\r
      Content-Length: 0\r
      \r

      """,
      to: service.port
    )
    #expect(registering.receive(milliseconds: 20_000)?.status == 200)
    for action in ["login", "ready"] {
      var request = ControlRequest("agent")
      request.set("action", action)
      request.set("agent", "1009")
      if action == "login" { request.set("dn", "7010") }
      _ = try service.ask(request)
    }
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    #expect(caller.hangUp())
  }

  @Test("SIGHUP reloads, and says that a changed site file is not read", .timeLimit(.minutes(15)))
  func hangUp() throws {
    let site = Self.site([("1001", LoopbackPhone("7001"))])
    let service = try RunningService(site: site, strategies: Self.any)
    service.door.reload()
    #expect(wait { service.said.contains { $0.hasSuffix("unchanged") } }, "\(service.said)")
    #expect(!service.said.contains { $0.contains("has changed") })
    try service.write(site + "-- more", to: "site.lua")
    service.door.reload()
    #expect(wait { service.said.contains { $0.contains("site.lua has changed") } })
  }

  @Test(
    "A call that waits stays on its generation; the next one runs the new one",
    .timeLimit(.minutes(15))
  )
  func callsStayOnTheirGeneration() throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(
      site: Self.site([("1001", phone)]),
      strategies: ["any.lua": "return function(call) call:note('old') return ANY end"]
    )
    var request = ControlRequest("agent")
    request.set("action", "not-ready")
    request.set("agent", "1001")
    _ = try service.ask(request)
    let first = LoopbackCaller("1", calls: "8000", at: service.port)
    first.invite()
    try wait { (try service.ask(ControlRequest("calls"))["calls"]?.elements?.count ?? 0) == 1 }

    try service.write("return function(call) return reject(480) end", to: "strategies/any.lua")
    var client = try ControlClient(data: service.data)
    // The files may have been seen by themselves already.
    _ = try client.result(of: ControlRequest("reload"))
    let second = LoopbackCaller("2", calls: "8000", at: service.port)
    second.invite()
    #expect(second.wait(for: 480), "\(second.statuses)")
    second.acknowledge()

    request = ControlRequest("agent")
    request.set("action", "ready")
    request.set("agent", "1001")
    _ = try service.ask(request)
    #expect(first.wait(for: 200), "\(first.statuses)")
    first.acknowledge()
    #expect(first.hangUp())
  }

  @Test(
    "A strategy that never ends takes the default route and does not hold up the others",
    .timeLimit(.minutes(15))
  )
  func aRunaway() throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(
      site: Self.site([("1001", phone)]),
      strategies: ["any.lua": "return function(call) while true do pcall(error) end end"]
    )
    let caller = LoopbackCaller("1", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    let used = try service.events().first { Self.isEvent($0, "EventRouteUsed", at: "8000") }
    #expect(used?["RouteType"]?.integer == 1)
    #expect(caller.hangUp())
  }

  @Test(
    "A stream of events goes on with what comes, for one DN or for all",
    .timeLimit(.minutes(15))
  )
  func following() throws {
    let phone = LoopbackPhone("7001")
    let service = try RunningService(site: Self.site([("1001", phone)]), strategies: Self.any)
    let last = try #require(try service.events().last?["seq"]?.integer)
    var client = try ControlClient(data: service.data)
    var request = ControlRequest("events")
    request.set("from", UInt64(last + 1))
    request.set("follow", true)
    request.set("dn", "7001")
    try client.send(request)
    try client.receiveStatus()
    for action in ["not-ready", "ready", "not-ready"] {
      var agent = ControlRequest("agent")
      agent.set("action", action)
      agent.set("agent", "1001")
      _ = try service.ask(agent)
    }
    var names: [String] = []
    while names.count < 3, let line = try client.nextLine() {
      names.append(try JSONValue(parsing: line)["event"]?.string ?? "")
    }
    #expect(names == ["EventAgentNotReady", "EventAgentReady", "EventAgentNotReady"])
  }

  @Test(
    "Draining refuses new calls, waits for those that are there, then ends",
    .timeLimit(.minutes(15))
  )
  func draining() throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(
      site: Self.site([("1001", phone)]),
      strategies: Self.any,
      drain: 60
    )
    let caller = LoopbackCaller("1", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    service.door.stop()
    wait { service.said.contains { $0.hasPrefix("stopping") } }
    // Requests are handled in order: whoever has this answer comes after the stop.
    _ = try service.ask(ControlRequest("calls"))
    let late = LoopbackCaller("2", calls: "8000", at: service.port)
    late.invite()
    #expect(late.wait(for: 503), "\(late.statuses)")
    late.acknowledge()
    #expect(!service.hasEnded)
    #expect(caller.hangUp())
    #expect(wait { service.hasEnded })
    #expect(service.said.last == "ended", "\(service.said)")
  }

  @Test("Calls that outlast the time to drain are counted", .timeLimit(.minutes(15)))
  func outlastingTheDrain() throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    for hasCall in [true, false] {
      let service = try RunningService(
        site: Self.site([("1001", phone)]),
        strategies: Self.any,
        drain: 0,
        store: false
      )
      if hasCall {
        let caller = LoopbackCaller("1", calls: "8000", at: service.port)
        caller.invite()
        #expect(caller.wait(for: 200), "\(caller.statuses)")
        caller.acknowledge()
      }
      service.door.stop()
      #expect(wait { service.hasEnded })
      let left = service.said.filter { $0.contains("still there") }
      let one = "1 call is still there after the time to drain: it is hung up"
      #expect(left == (hasCall ? [one] : []), "\(service.said)")
    }
  }

  @Test("Without a store, a second stop hangs up what is left", .timeLimit(.minutes(15)))
  func stoppingTwice() throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(
      site: Self.site([("1001", phone)]),
      strategies: Self.any,
      drain: 600,
      store: false
    )
    let caller = LoopbackCaller("1", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    wait { phone.requests.contains("ACK") }
    service.door.stop()
    service.door.stop()
    #expect(wait { service.hasEnded })
    #expect(wait { phone.requests.contains("BYE") }, "\(phone.requests)")
  }

  @Test(
    "One folder serves one server, and mistakes in files stop the start",
    .timeLimit(.minutes(15))
  )
  func theStart() throws {
    let phone = LoopbackPhone("7001")
    let site = Self.site([("1001", phone)])
    let service = try RunningService(site: site, strategies: Self.any)
    var options = ServeOptions()
    options.site = service.folder + "/site.lua"
    options.strategies = service.folder + "/strategies"
    options.data = service.data
    let error = #expect(throws: ServiceError.self) { try Service.run(options) { _ in } }
    #expect(
      error?.message.contains("another server is listening") == true,
      "\(String(describing: error))"
    )

    let broken = try RunningService(
      site: site.replacing("strategy = \"any\"", with: "strategy = \"some\""),
      strategies: ["any.lua": "return function(call) return ANYBODY end"]
    )
    #expect(broken.said.contains { $0.contains("site.lua:") && $0.contains("\"some\"") })
    #expect(broken.said.contains { $0.contains("any.lua:1:") && $0.contains("ANYBODY") })
    #expect(broken.said.last?.hasPrefix("failed: ") == true)
  }
}
