import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Registrations, subscriptions and monitoring on connections")
struct StreamRegistrationTests {
  typealias World = StreamWorld

  /// A REGISTER of 7001 with other words in place of some of its own.
  private static func register(_ number: Int, _ changes: [String: String]) -> String {
    var text = World.register("sip:7001@10.9.9.9:5060;transport=tcp", number: number)
    for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
    return text
  }

  private static func subscribe(_ number: Int, contact: String, to: String = "") -> String {
    let text = World.request(
      "SUBSCRIBE",
      branch: "s\(number)",
      to: "<sip:7001@demo.local>\(to)",
      contact: contact,
      number: number,
      extra: "Event: reg\r\nExpires: 600\r\n"
    )
    return text.replacingOccurrences(of: "sip:8000@127.0.0.1", with: "sip:7001@demo.local")
  }

  /// The answer to a NOTIFY, which has both tags.
  private static func success(_ notice: World.Sent) -> String {
    World.answer(200, to: notice.text, contact: "sip:w@a")
      .replacingOccurrences(of: ";tag=t", with: "")
  }

  private static func notices(_ world: World) -> [World.Sent] {
    world.sent.filter { $0.text.hasPrefix("NOTIFY ") }
  }

  @Test("A subscriber is told on his connection, and where his Contact says once that is lost")
  func notify() throws {
    let world = try World()
    let watcher = try #require(world.connect(42_000))
    world.say(Self.subscribe(1, contact: "<sip:w@127.0.0.1:7050;transport=tcp>"), on: watcher)
    let answer = try #require(world.sent.first?.message)
    #expect(answer.status == 200)
    #expect(answer["contact"] == "<sip:7001@127.0.0.1:5062;transport=tcp>")
    let first = try #require(Self.notices(world).last)
    #expect(first.to.connection == watcher && first.deed == .send)
    #expect(first.message?["via"].hasPrefix("SIP/2.0/TCP 127.0.0.1:5062;") == true)
    #expect(first.message?["contact"] == "<sip:7001@127.0.0.1:5062;transport=tcp>")
    world.say(Self.success(first), on: watcher)
    world.lose(watcher)
    let phone = try #require(world.connect(41_000))
    world.say(Self.register(1, [:]), on: phone)
    let second = try #require(Self.notices(world).last)
    #expect(second.deed == .open && second.to.hasSamePlace(as: World.peer(7050)))
    #expect(second.message?.body.contains("version=\"1\" state=\"partial\"") == true)
    world.say(Self.success(second), on: second.to.connection)
    // He refreshes on a third connection, which the next notice takes.
    let third = try #require(world.connect(42_001))
    let tag = ";tag=" + answer.toTag
    let text = Self.subscribe(2, contact: "<sip:w@127.0.0.1:7050;transport=tcp>", to: tag)
    world.say(text, on: third)
    #expect(Self.notices(world).last?.to.connection == third)
  }

  @Test("A subscriber who cannot be reached any more is forgotten")
  func unreachableSubscriber() throws {
    let world = try World()
    let watcher = try #require(world.connect(42_000))
    world.say(Self.subscribe(1, contact: "<sip:w@127.0.0.1:7050;transport=tcp>"), on: watcher)
    let first = try #require(Self.notices(world).last)
    world.say(Self.success(first), on: watcher)
    world.lose(watcher)
    let phone = try #require(world.connect(41_000))
    world.say(Self.register(1, [:]), on: phone)
    let second = try #require(Self.notices(world).last)
    world.lose(second.to.connection)
    world.say(Self.register(2, ["Expires: 60": "Expires: 0"]), on: phone)
    #expect(Self.notices(world).count == 2)
  }

  /// A REGISTER that names a flow, for an hour.
  private static func flow(_ number: Int, _ changes: [String: String] = [:]) -> String {
    let device = ">;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\nSupported: outbound\r\n"
    let plain = ["transport=tcp>\r\n": "transport=tcp" + device, "Expires: 60": "Expires: 3600"]
    var text = register(number, plain)
    for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
    return text
  }

  @Test("A flow that is kept alive stays; one that is not ends, and its registration with it")
  func flowTimer() throws {
    let world = try World()
    let phone = try #require(world.connect(41_000))
    world.say(Self.flow(1), on: phone)
    #expect(world.sent.last?.message?["flow-timer"] == "120")
    for _ in 0..<10 {
      world.run(119)
      world.say("\r\n\r\n", on: phone)
      #expect(world.sent.last?.text == "\r\n")
    }
    world.run(134)
    #expect(world.closed == [])
    // What we send proves nothing about the phone.
    world.say(World.request("INVITE"), fromPort: 6100)
    world.divert(to: "7001")
    #expect(world.sent.last?.to.connection == phone)
    #expect(!world.signals.contains(.outOfService("7001")))
    world.run(2)
    #expect(world.closed == [phone])
    #expect(world.signals.filter { $0 == .outOfService("7001") }.count == 1)
  }

  @Test("Who comes again by another connection is not lost with the first one")
  func flowMoves() throws {
    let world = try World()
    let first = try #require(world.connect(41_000))
    world.say(Self.flow(1), on: first)
    world.run(60)
    let second = try #require(world.connect(41_001))
    world.say(Self.flow(2), on: second)
    for _ in 0..<4 {
      world.run(50)
      world.say("\r\n\r\n", on: second)
    }
    #expect(world.closed == [first])
    #expect(!world.signals.contains(.outOfService("7001")))
  }

  @Test("Nobody is told how often he must be heard who has no flow of his own, or a proxy's")
  func noFlowTimer() throws {
    let proxy = "Via: SIP/2.0/TCP a;branch=z9hG4bKb\r\nPath: <sip:b;ob>\r\n"
    for (changes, timer) in [
      (["Supported: outbound": "Supported: path"], UInt32(120)), ([:], 0),
      (["Max-Forwards": proxy + "Max-Forwards"], 120),
    ] {
      let world = try World(World.plan { $0.registrar.flowTimer = timer })
      let phone = try #require(world.connect(41_000))
      world.say(Self.flow(1, changes), on: phone)
      let answer = try #require(world.sent.last?.message)
      #expect(answer.status == 200)
      #expect(answer["flow-timer"] == "")
      world.run(600)
      #expect(world.closed == [])
    }
  }

  @Test("A phone behind a translator is called on its connection, each flow on its own")
  func flows() throws {
    let world = try World(
      World.plan { $0.registrar.contactsMax = 4 }
    )
    let flows = [try #require(world.connect(41_000)), try #require(world.connect(41_001))]
    for (index, flow) in flows.enumerated() {
      let device = ">;reg-id=\(index + 1);+sip.instance=\"<urn:uuid:1>\"\r\nSupported: outbound\r\n"
      let text = Self.register(
        index + 1,
        ["transport=tcp>\r\n": "transport=tcp" + device, "reg@test": "reg\(index)@test"]
      )
      world.say(text, on: flow)
      let answer = try #require(world.sent.last?.message)
      #expect(answer.status == 200)
      #expect(answer["require"] == "outbound")
      #expect(answer.all("contact").count == index + 1)
    }
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7001")
    // The newest first; the other one when it is gone and cannot be had again.
    let first = try #require(world.sent.last)
    #expect(first.to.connection == flows[1])
    world.lose(flows[1])
    let again = try #require(world.sent.last)
    #expect(again.deed == .open)
    world.lose(again.to.connection)
    let second = try #require(world.sent.last)
    #expect(second.to.connection == flows[0] && second.deed == .send)
    #expect(second.message?.uri == "sip:7001@10.9.9.9:5060;transport=tcp")
  }

  @Test("A phone behind a translator whose connection is lost is unreachable at once")
  func cutOff() throws {
    let world = try World()
    let phone = try #require(world.connect(41_000))
    world.say(Self.register(1, [:]), on: phone)
    world.lose(phone)
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7001")
    #expect(world.failures == [.unreachable])
    #expect(!world.sent.contains { $0.deed == .open })
    let again = try #require(world.connect(41_001))
    world.say(Self.register(2, [:]), on: again)
    world.divert(to: "7001")
    #expect(world.sent.last?.to.connection == again)
    #expect(world.sent.last?.text.hasPrefix("INVITE ") == true)
  }

  @Test("A proxy's path is gone by the connection that it keeps")
  func path() throws {
    let world = try World()
    let proxy = try #require(world.connect(41_000))
    let path = "Path: <sip:127.0.0.1:7060;transport=tcp;lr>\r\nExpires"
    world.say(Self.register(1, ["Expires": path]), on: proxy)
    #expect(world.sent.last?.message?.status == 200)
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7001")
    let invite = try #require(world.sent.last)
    #expect(invite.to.connection == proxy)
    #expect(invite.message?["route"] == "<sip:127.0.0.1:7060;transport=tcp;lr>")
    #expect(invite.message?.uri == "sip:7001@10.9.9.9:5060;transport=tcp")
  }

  @Test("A fixed contact on TCP is asked by TCP; without a connection there is no answer")
  func monitor() throws {
    let plan = World.plan { plan in
      let contact = "sip:7003@127.0.0.1:7003;transport=tcp"
      plan.extensions = [RegistrarExtension("7003", contact: contact)]
      plan.extensions[0].monitor = MonitorPlan(
        interval: .seconds(10),
        failures: 2,
        recovery: .seconds(4)
      )
    }
    let world = try World(plan)
    world.signals = []
    world.run(0.1)
    for _ in 0..<2 {
      let question = try #require(world.sent.last)
      #expect(question.text.hasPrefix("OPTIONS sip:7003@127.0.0.1:7003;transport=tcp SIP/2.0\r\n"))
      #expect(question.message?["via"].hasPrefix("SIP/2.0/TCP 127.0.0.1:5062;") == true)
      #expect(question.deed == .open && question.to.hasSamePlace(as: World.peer(7003)))
      #expect(world.signals == [])
      world.lose(question.to.connection)
      if world.signals.isEmpty { world.run(10) }
    }
    #expect(world.signals == [.outOfService("7003")])
    world.run(4)
    let question = try #require(world.sent.last)
    world.say(
      World.answer(200, to: question.text, contact: "sip:7003@a"),
      on: question.to.connection
    )
    #expect(world.signals == [.outOfService("7003"), .inService("7003")])
  }
}
