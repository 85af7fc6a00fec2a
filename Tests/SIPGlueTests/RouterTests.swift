import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Old routers and odd addresses")
struct RouterTests {
  /// RFC 3261 12.2.1.1: a router without `lr` is what the request is addressed to.
  @Test(arguments: [
    ("<sip:127.0.0.1:6000>, <sip:p@10.0.0.9;lr>", "sip:127.0.0.1:6000"),
    ("<sip:127.0.0.1:6000;x=y?Subject=z>, <sip:p@10.0.0.9;lr>", "sip:127.0.0.1:6000;x=y"),
  ])
  func aStrictRouterIsTheTarget(routes: String, uri: String) throws {
    var pair = try PairBridge(.answers(after: 1), callerHeaders: "Record-Route: \(routes)\r\n")
    pair.world.run(2)
    pair.world.sent = []
    pair.agent.hangUp(try #require(pair.agent.dialogs.first), at: pair.world.now)
    pair.world.run(0.5)
    let bye = pair.world.sent.first { $0.hasPrefix("BYE") }.flatMap { PairMessage($0) }
    #expect(bye?.uri == uri)
    #expect(bye?.all("route") == ["<sip:p@10.0.0.9;lr>", "<sip:4420@127.0.0.1:6000>"])
    // The user agent of the test knows its dialog by its Call-ID alone.
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aLooseRouterIsNot() throws {
    let routes = "Record-Route: <sip:127.0.0.1:6000;lr=on>\r\n"
    var pair = try PairBridge(.answers(after: 1), callerHeaders: routes)
    pair.world.run(2)
    pair.agent.hangUp(try #require(pair.agent.dialogs.first), at: pair.world.now)
    pair.world.run(0.5)
    let bye = try #require(pair.caller.requests("BYE").first)
    #expect(bye.uri == "sip:4420@127.0.0.1:6000")
    #expect(bye.all("route") == ["<sip:127.0.0.1:6000;lr=on>"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test("A phone is reached at its maddr (RFC 3263 4)")
  func multicastAddress() throws {
    var plan = PairWorld.plan()
    plan.extensions.append(
      RegistrarExtension("7006", contact: "sip:7006@phones.example.com:7006;maddr=127.0.0.1")
    )
    var world = try PairWorld(plan: plan)
    let phone = world.phone("7006", port: 7006)
    let caller = world.phone("4420", port: 6000)
    caller.call("8000", at: 0)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7006"), mode: .bridge))
    world.run(0.5)
    #expect(phone.requests("INVITE").count == 1)
    world.perform(.reject(conn, status: 480))
    world.run(140)
    #expect(world.remains == "")
  }

  @Test("The phone that was second is let go although its Contact is a name")
  func nameOfTheSecondPhone() throws {
    var pair = try PairBridge(.answers(after: 1), diverts: false)
    pair.agent.script = { request, phone in
      guard request.method == "INVITE" else { return nil }
      phone.script = nil
      return ["a", "b"].map { tag in
        phone.response(200, to: request, tag: tag, body: phone.sdp)
          .replacingOccurrences(of: "7002@127.0.0.1:7002", with: "\(tag)@phones.example.com")
      }
    }
    pair.world.perform(.divert(pair.conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    pair.world.run(3)
    let acknowledged = Set(pair.agent.requests("ACK").map(\.toTag))
    #expect(acknowledged == ["a", "b"])
    #expect(pair.agent.requests("BYE").map(\.toTag) == ["b"])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test("A 100 repeats the Timestamp (RFC 3261 8.2.6.1)")
  func timestamp() throws {
    var world = try PairWorld()
    let extra = SwitchTests.contact + "Timestamp: 54.21\r\n"
    let answer = SwitchTests.ask(SwitchTests.request("INVITE", extra: extra), of: &world)
    #expect(answer?.status == 100)
    #expect(answer?["timestamp"] == "54.21")
    let plain = SwitchTests.request("INVITE", extra: SwitchTests.contact, branch: "z9hG4bKtwo")
      .replacingOccurrences(of: "call@test", with: "other@test")
    let other = SwitchTests.ask(plain, of: &world)
    #expect(other?.headers.contains { $0.name == "timestamp" } == false)
  }

  @Test func aRequirementIsNotHiddenByAnEmptyOne() throws {
    var world = try PairWorld()
    let extra = SwitchTests.contact + "Require: nothing-known\r\nRequire:\r\n"
    let answer = SwitchTests.ask(SwitchTests.request("INVITE", extra: extra), of: &world)
    #expect(answer?.status == 420)
    #expect(answer?["unsupported"] == "nothing-known")
  }
}
