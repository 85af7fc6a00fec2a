import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Strangers do no harm")
struct DefenceTests {
  private static func register(
    _ password: String,
    from host: String,
    at office: Office,
    _ seconds: Double
  ) throws -> RegisterReply {
    var request = RegisterRequest(dn: "7001", host: "demo.local", callID: "c", cseq: 1)
    request.contacts = [RegisterContact("sip:7001@10.0.0.1", expires: 60)]
    request.source = PeerAddress(host: host, port: 5060)
    return try office.login(request, password: password, at: seconds).reply
  }

  @Test func whoGuessesIsNotListenedToForAMinuteAndOthersAre() throws {
    let office = try Office()
    for number in 0..<10 {
      let reply = try Self.register("wrong\(number)", from: "192.0.2.1", at: office, 1)
      #expect(reply.status == 401)
    }
    // Even the right password: he must not learn that it is right.
    let locked = try Self.register("demo", from: "192.0.2.1", at: office, 2)
    #expect(locked == .lockedOut(retryAfter: 60))
    #expect(try Self.register("demo", from: "192.0.2.2", at: office, 2).status == 200)
    #expect(try Self.register("demo", from: "192.0.2.1", at: office, 62).status != 403)
  }

  @Test func aRightPasswordClearsTheCount() throws {
    let office = try Office()
    for round in 0..<5 {
      for _ in 0..<9 {
        #expect(try Self.register("no", from: "192.0.2.1", at: office, 1).status == 401)
      }
      var request = RegisterRequest(dn: "7001", host: "demo.local", callID: "d", cseq: 1)
      request.cseq = UInt32(round + 1)
      request.contacts = [RegisterContact("sip:7001@10.0.0.1", expires: 60)]
      request.source = PeerAddress(host: "192.0.2.1", port: 5060)
      #expect(try office.login(request, at: 1).reply.status == 200)
    }
  }

  @Test func aUserWhoComesTooOftenIs503() throws {
    let office = try Office()
    var statuses: [Int] = []
    for number in 0..<120 {
      var request = RegisterRequest(dn: "7001", host: "demo.local", callID: "c", cseq: 1)
      request.cseq = UInt32(number + 1)
      request.contacts = [RegisterContact("sip:7001@10.0.0.1", expires: 60)]
      statuses.append(try office.login(request, at: 1).reply.status)
    }
    #expect(statuses == Array(repeating: 200, count: 100) + Array(repeating: 503, count: 20))
  }

  private static func options(_ number: Int, extra: String = "") -> [UInt8] {
    Array(
      ("OPTIONS sip:127.0.0.1 SIP/2.0\r\n"
        + "Via: SIP/2.0/UDP 127.0.0.1:6100;branch=z9hG4bKo\(number)\r\nMax-Forwards: 70\r\n"
        + "From: <sip:a@b>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: o\(number)\r\n"
        + "CSeq: 1 OPTIONS\r\n\(extra)Content-Length: 0\r\n\r\n").utf8
    )
  }

  @Test func anAddressThatSendsTooMuchIsNotAnsweredForAWhile() throws {
    var plan = PairWorld.plan()
    plan.trusted = []
    plan.defence.rate = 10
    plan.defence.burst = 20
    var world = try PairWorld(plan: plan)
    for number in 0..<1_000 { world.receive(Self.options(number), from: 6100) }
    #expect(world.sent.count == 20)
    let limited = world.line.counters.limited
    #expect(limited == 980)
    world.run(1)
    for number in 2_000..<2_100 { world.receive(Self.options(number), from: 6100) }
    #expect(world.sent.count == 30)
  }

  @Test func aTrustedAddressMaySendAnyNumber() throws {
    var world = try PairWorld()
    for number in 0..<2_000 { world.receive(Self.options(number), from: 6100) }
    #expect(world.sent.count == 2_000)
  }

  @Test func scannersAreCountedAndGetNoAnswer() throws {
    var plan = PairWorld.plan()
    plan.trusted = []
    var world = try PairWorld(plan: plan)
    world.receive(Self.options(1, extra: "User-Agent: Friendly-Scanner\r\n"), from: 6100)
    #expect(world.sent.isEmpty)
    let scanners = world.line.counters.scanners
    #expect(scanners == 1)
    world.receive(Self.options(2, extra: "User-Agent: baresip\r\n"), from: 6100)
    #expect(world.sent.count == 1)
  }

  @Test(arguments: [100, 183, 200, 302, 401, 486, 503, 699])
  func aResponseIsNeverAnswered(status: Int) throws {
    var world = try PairWorld()
    for method in ["INVITE", "REGISTER", "OPTIONS", "BYE"] {
      let text =
        "SIP/2.0 \(status) Whatever\r\n"
        + "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK0123456789abcdef\r\n"
        + "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 \(method)\r\n"
        + "Content-Length: 0\r\n\r\n"
      world.receive(Array(text.utf8), from: 6100)
      world.receive(Array(("SIP/2.0 broken" + text).utf8), from: 6100)
    }
    #expect(world.sent.isEmpty)
  }

  @Test func aRefusedRegisterLeavesNoMemory() throws {
    var world = try PairWorld()
    for dn in ["7001", "7002", "7777"] {
      let text = SwitchTests.request(
        "REGISTER",
        "sip:demo.local",
        to: "<sip:\(dn)@demo.local>",
        extra: SwitchTests.contact
      )
      let status = SwitchTests.ask(text, of: &world)?.status ?? 0
      #expect([401, 403, 404].contains(status))
    }
    #expect(world.remains == "")
  }
}
