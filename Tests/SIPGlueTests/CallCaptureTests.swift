import Engine
import Foundation
import SIPGlue
import Testing

@Suite("The messages that are kept of a call")
struct CallCaptureTests {
  private static func world(_ change: (inout SIPPlan) -> Void = { _ in }) throws -> PairWorld {
    var plan = PairWorld.plan()
    change(&plan)
    return try PairWorld(plan: plan)
  }

  /// A call from port 6000 to 7002, answered, and ended by the caller.
  private static func talk(_ world: inout PairWorld, seconds: Double = 3) throws -> ConnID {
    let caller = world.phones[6000] ?? world.phone("4420", port: 6000)
    let agent = world.phones[7002] ?? world.phone("7002", port: 7002)
    agent.behaviour = .answers(after: 1)
    let dialog = caller.call("8000", at: world.now)
    world.run(0.1)
    let conn = try #require(world.offers.last).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(seconds)
    caller.hangUp(dialog, at: world.now)
    world.run(2)
    return conn
  }

  /// What is kept of a call.
  private static func kept(_ conn: ConnID, _ world: borrowing PairWorld) throws -> CapturedCall {
    let call = world.line.captured(conn)
    return try #require(call)
  }

  private static func first(_ message: CapturedMessage) -> String {
    let text = String(decoding: message.bytes, as: UTF8.self)
    let line = text.prefix { $0 != "\r\n" }
    return (message.isReceived ? "<" : ">") + "\(message.peer.port) "
      + (line.hasPrefix("SIP/2.0") ? line.dropFirst(8).prefix(3) : line.prefix { $0 != " " })
  }

  @Test("Both sides of a bridged call are kept in order, to the byte, and past its end")
  func bridged() throws {
    var world = try Self.world()
    let conn = try Self.talk(&world)
    let call = try Self.kept(conn, world)
    let own = call.messages.filter { !$0.isReceived }
    #expect(own.map { String(decoding: $0.bytes, as: UTF8.self) } == world.sent)
    #expect(
      call.messages.map(Self.first) == [
        "<6000 INVITE", ">6000 100", ">7002 INVITE", "<7002 180", ">6000 180", "<7002 200",
        ">7002 ACK", ">6000 200", "<6000 ACK", "<6000 BYE", ">6000 200", ">7002 BYE", "<7002 200",
      ]
    )
    #expect(call.messages.map(\.at) == call.messages.map(\.at).sorted())
    #expect(call.messages.allSatisfy { $0.length == $0.bytes.count && $0.own.port == 5060 })
    #expect(call.messages.allSatisfy { $0.own.host == "127.0.0.1" && $0.transport == .udp })
    #expect(call.lost == 0)
    #expect(try #require(call.ended) > call.began)
    let callID = try #require(world.phones[6000]?.dialogs.first?.callID)
    let found = [callID, callID + "x"].map { world.line.capturedCall(withCallID: $0) }
    #expect(found == [conn, nil])
  }

  @Test("What belongs to no call is not kept, however much of it comes")
  func foreign() throws {
    var world = try Self.world()
    let conn = try Self.talk(&world)
    let before = world.line.captureUse
    let kept = try Self.kept(conn, world)
    for number in 0..<2_000 {
      let text =
        "OPTIONS sip:8000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6500;branch=z9hG4bK"
        + "\(number)\r\nFrom: <sip:x@y>;tag=a\r\nTo: <sip:8000@x>\r\nCall-ID: flood\(number)\r\n"
        + "CSeq: 1 \(number % 2 == 0 ? "OPTIONS" : "INVITE")\r\nContact: <sip:x@y>\r\n"
        + "Content-Length: 0\r\n\r\n"
      world.receive(Array(text.utf8), from: 6_500)
    }
    let after = world.line.captureUse
    #expect(after == before)
    #expect(try Self.kept(conn, world) == kept)
  }

  @Test("A call that says too much keeps its beginning and its end")
  func torn() throws {
    var world = try Self.world { $0.limits.captureBytesPerCallMax = 32 << 10 }
    let caller = world.phone("4420", port: 6000)
    let agent = world.phone("7002", port: 7002)
    agent.behaviour = .answers(after: 0)
    let dialog = caller.call("8000", at: 0)
    world.run(0.1)
    let conn = try #require(world.offers.last).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(1)
    for number in 0..<60 {
      let body = "number \(number) x" + String(repeating: "x", count: number * 20)
      caller.send("INFO", dialog, body: body, at: world.now)
      world.run(1)
    }
    caller.hangUp(dialog, at: world.now)
    world.run(1)
    let call = try Self.kept(conn, world)
    let story = call.messages.map(Self.first)
    #expect(story.prefix(4) == ["<6000 INVITE", ">6000 100", ">7002 INVITE", "<7002 180"])
    #expect(story.suffix(4) == ["<6000 BYE", ">6000 200", ">7002 BYE", "<7002 200"])
    #expect(call.lost > 20)
    #expect(call.messages.count > 20 && (5..<call.messages.count).contains(call.lostAfter))
    let use = world.line.captureUse
    #expect(use.bytes <= 32 << 10)
    let bytes = call.messages.map(\.bytes.count).reduce(0, +)
    #expect(bytes > 24 << 10)
    // Every message is whole, and no number comes twice or out of order.
    let numbers = call.messages.compactMap { message -> Int? in
      let text = String(decoding: message.bytes, as: UTF8.self)
      #expect(text.hasSuffix("\r\n\r\n") || text.hasSuffix("x") || text.contains("v=0\r\n"))
      guard message.isReceived, let range = text.range(of: "number ") else { return nil }
      return Int(text[range.upperBound...].prefix { $0.isNumber })
    }
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    #expect(numbers.first == 0 && numbers.last == 59)
  }

  @Test("A message that is longer than a quarter of its call's room is cut")
  func cut() throws {
    var world = try Self.world { $0.limits.captureBytesPerCallMax = 32 << 10 }
    let caller = world.phone("4420", port: 6000)
    caller.call("8000", headers: "X-Long: \(String(repeating: "a", count: 20_000))\r\n", at: 0)
    world.run(0.1)
    let conn = try #require(world.offers.last).connID
    let messages = try Self.kept(conn, world).messages
    let message = try #require(messages.first)
    #expect(message.bytes.count == 8 << 10)
    #expect(message.length > 20_000)
  }

  @Test("Without room the call goes that ended first; a call that lives goes last")
  func forgotten() throws {
    var world = try Self.world {
      $0.limits.captureBytesMax = 64 << 10
      $0.limits.captureBytesPerCallMax = 32 << 10
    }
    let waiting = world.phone("4421", port: 6001)
    waiting.call("8000", at: 0)
    world.run(0.1)
    let living = try #require(world.offers.last).connID
    var ended: [ConnID] = []
    for _ in 0..<30 { ended.append(try Self.talk(&world)) }
    let kept = ended.filter { world.line.captured($0) != nil }
    #expect(kept.count > 2 && kept.count < 20)
    #expect(kept == ended.suffix(kept.count))
    for conn in kept { #expect(try Self.kept(conn, world).messages.count == 13) }
    #expect(try Self.kept(living, world).messages.count >= 2)
    let use = world.line.captureUse
    #expect(use.bytes <= 64 << 10)
    #expect(use.calls == kept.count + 1)

    // Calls that only wait, more than there is room for: the newest are kept.
    let crowd = world.phone("4422", port: 6002)
    var all: [ConnID] = []
    for _ in 0..<100 {
      crowd.call("8000", at: world.now)
      world.run(0.1)
      all.append(try #require(world.offers.last).connID)
    }
    let left = all.filter { world.line.captured($0) != nil }
    #expect(left.count > 10 && left == all.suffix(left.count))
    let oldest = world.line.captured(living)
    #expect(oldest == nil)
    let full = world.line.captureUse
    #expect(full.bytes <= 64 << 10)
  }

  @Test("Nothing is kept where nothing may be kept")
  func off() throws {
    var world = try Self.world { $0.limits.captureBytesMax = 0 }
    let conn = try Self.talk(&world)
    let call = world.line.captured(conn)
    #expect(call == nil)
    let use = world.line.captureUse
    #expect(use == (0, 0))
  }

  @Test("A retransmission is kept as often as it came or went")
  func repeated() throws {
    var world = try Self.world()
    let caller = world.phone("4420", port: 6000)
    world.phone("7002", port: 7002).behaviour = .silent
    let dialog = caller.call("8000", at: 0)
    world.run(0.1)
    let conn = try #require(world.offers.last).connID
    world.inject(dialog.inviteText, from: 6000)
    world.run(0.1)
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(2)
    let story = try Self.kept(conn, world).messages.map(Self.first)
    #expect(story.filter { $0 == "<6000 INVITE" }.count == 2)
    #expect(story.filter { $0 == ">6000 100" }.count == 2)
    #expect(story.filter { $0 == ">7002 INVITE" }.count == 3)
  }

  @Test(
    "What proves a password is masked, in its length",
    arguments: [
      (
        "Authorization: Digest username=\"7001\", response=\"0123456789abcdef\", nc=1",
        "Authorization: Digest username=\"7001\", response=\"xxxxxxxxxxxxxxxx\", nc=1"
      ),
      (
        "proxy-AUTHORIZATION :digest a=b,\r\n Response = 0123,\r\n c=d",
        "proxy-AUTHORIZATION :digest a=b,\r\n Response = xxxx,\r\n c=d"
      ),
      ("Authorization: Basic QWxhZGRpbg==", "Authorization: xxxxxxxxxxxxxxxxxx"),
      ("X-Note: response=\"0123\"", "X-Note: response=\"0123\""),
    ]
  )
  func masked(_ line: String, _ expected: String) throws {
    var world = try Self.world()
    let dialog = world.phone("4420", port: 6000).call("8000", headers: line + "\r\n", at: 0)
    world.run(0.1)
    let conn = try #require(world.offers.last).connID
    let messages = try Self.kept(conn, world).messages
    let message = try #require(messages.first)
    let text = String(decoding: message.bytes, as: UTF8.self)
    #expect(text == dialog.inviteText.replacingOccurrences(of: line, with: expected))
    #expect(text.contains(expected))
  }

  @Test("What became neither a call nor a registration is listed, the newest 256")
  func refused() throws {
    var world = try Self.world { plan in
      plan.trusted = [AddressRange("127.0.0.1/32")].compactMap { $0 }
    }
    func say(_ method: String, _ from: String, _ to: String, _ extra: String = "", number: Int) {
      let text =
        "\(method) sip:\(to)@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6100;branch=z9hG4bK"
        + "\(number)\r\nFrom: <sip:\(from)@demo.local>;tag=a\r\nTo: <sip:\(to)@demo.local>\r\n"
        + "Call-ID: c\(number)\r\nCSeq: 1 \(method)\r\nContact: <sip:\(from)@127.0.0.1:6100>\r\n"
        + "\(extra)Content-Length: 0\r\n\r\n"
      world.receive(Array(text.utf8), from: 6_100)
    }
    let wrong =
      "Authorization: Digest username=\"7001\", realm=\"demo.local\", nonce=\"x\", uri=\"sip:x\","
      + " response=\"00000000000000000000000000000000\"\r\n"
    say("REGISTER", "7001", "7001", number: 1)
    say("REGISTER", "7001", "7001", wrong, number: 2)
    say("REGISTER", "7999", "7999", number: 3)
    say("PUBLISH", "7001", "7001", number: 5)
    say("INVITE", "4420", "8001", number: 6)
    let list = world.line.refusedRequests
    #expect(
      list.map { "\($0.method) \($0.from) \($0.to) \($0.answer.prefix(3))" } == [
        "REGISTER 7001 7001 401", "REGISTER 7999 7999 404", "PUBLISH 7001 7001 405",
        "INVITE 4420 8001 404",
      ]
    )
    #expect(list.allSatisfy { $0.peer == CapturedMessage.Address("127.0.0.1", 6_100) })
    for number in 10..<400 {
      world.run(0.1)
      say("INVITE", "stranger\(number)", "8001", number: number)
    }
    let newest = world.line.refusedRequests
    #expect(newest.count == 256)
    #expect(newest.last?.from == "stranger399" && newest.first?.from == "stranger144")
  }

  @Test("The next process goes on keeping what its calls say")
  func restarted() throws {
    var world = try Self.world()
    world.line.keepsDialogs = true
    let caller = world.phone("4420", port: 6000)
    world.phone("7002", port: 7002).behaviour = .answers(after: 0)
    let dialog = caller.call("8000", at: 0)
    world.run(0.1)
    let conn = try #require(world.offers.last).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(1)
    world.crash()
    caller.hangUp(dialog, at: world.now)
    world.run(1)
    let call = try Self.kept(conn, world)
    #expect(
      call.messages.map(Self.first) == ["<6000 BYE", ">6000 200", ">7002 BYE", "<7002 200"]
    )
  }
}
