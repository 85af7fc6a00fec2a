import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Inside an answered call")
struct BridgeDialogTests {
  private static func talking() throws -> PairBridge {
    var pair = try PairBridge(.answers(after: 1))
    pair.world.run(2)
    return pair
  }

  @Test func aReINVITEOfTheCallerReachesTheTargetAndBack() throws {
    var pair = try Self.talking()
    pair.caller.send("INVITE", pair.dialog, body: "v=0 hold", at: pair.world.now)
    pair.world.run(1)
    #expect(pair.agent.requests("INVITE").map(\.body) == [pair.caller.sdp, "v=0 hold"])
    #expect(pair.dialog.statuses.suffix(2) == [100, 200])
    #expect(pair.agent.requests("ACK").count == 2)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.story == ["ringing", "answered", "released caller"])
    #expect(pair.world.remains == "")
  }

  @Test func aReINVITEOfTheTargetReachesTheCallerAndBack() throws {
    var pair = try Self.talking()
    let leg = try #require(pair.agent.dialogs.first)
    pair.agent.send("INVITE", leg, body: "v=0 new", at: pair.world.now)
    pair.world.run(1)
    #expect(pair.caller.requests("INVITE").map(\.body) == ["v=0 new"])
    #expect(leg.statuses == [100, 200])
    #expect(leg.bodies.last == pair.caller.sdp)
    pair.agent.hangUp(leg, at: pair.world.now)
    pair.finish()
    #expect(pair.world.story == ["ringing", "answered", "released target"])
    #expect(pair.world.remains == "")
  }

  @Test func aReINVITEWithoutAnOfferIsAnsweredInTheACK() throws {
    var pair = try Self.talking()
    pair.caller.send("INVITE", pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.dialog.statuses.last == 200)
    #expect(pair.agent.requests("ACK").map(\.body) == ["", pair.caller.sdp])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aRefusedReINVITELeavesTheCallAsItIs() throws {
    var pair = try Self.talking()
    pair.agent.statusOfReinvite = 488
    pair.caller.send("INVITE", pair.dialog, body: "v=0 video", at: pair.world.now)
    pair.world.run(1)
    #expect(pair.dialog.statuses.last == 488)
    #expect(pair.world.story == ["ringing", "answered"])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func ofTwoReINVITEsThatCrossOneIs491() throws {
    var pair = try Self.talking()
    let leg = try #require(pair.agent.dialogs.first)
    pair.caller.send("INVITE", pair.dialog, body: "v=0 a", at: pair.world.now)
    pair.agent.send("INVITE", leg, body: "v=0 b", at: pair.world.now)
    pair.world.run(2)
    let finals = [pair.dialog.statuses.last, leg.statuses.last]
    #expect(finals.contains(491))
    #expect(finals.contains(200))
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func hangingUpDuringAReINVITELeavesNothing() throws {
    var pair = try Self.talking()
    pair.agent.statusOfReinvite = 100
    pair.caller.send("INVITE", pair.dialog, body: "v=0 a", at: pair.world.now)
    pair.world.run(1)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.dialog.statuses.last == 487)
    pair.finish()
    #expect(pair.world.story == ["ringing", "answered", "released caller"])
    #expect(pair.world.remains == "")
  }

  @Test func infoAndUpdatePassThroughAndTheRestIsRefused() throws {
    var pair = try Self.talking()
    pair.caller.send("INFO", pair.dialog, body: "Signal=5", at: pair.world.now)
    pair.world.run(0.1)
    #expect(pair.agent.requests("INFO").map(\.body) == ["Signal=5"])
    for (method, status) in [
      ("INFO", 200), ("UPDATE", 200), ("MESSAGE", 200), ("OPTIONS", 200), ("REFER", 400),
      ("NOTIFY", 200), ("WHATEVER", 501),
    ] {
      pair.caller.send(method, pair.dialog, at: pair.world.now)
      pair.world.run(0.1)
      #expect(pair.caller.received.last?.status == status, "\(method)")
    }
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test("A request that nobody answers gets no 408", arguments: ["INFO", "MESSAGE", "UPDATE"])
  func lateSilence(method: String) throws {
    var pair = try Self.talking()
    pair.world.phones[7002] = nil
    pair.caller.send(method, pair.dialog, body: "v=0 x", at: pair.world.now)
    pair.world.run(40)
    #expect(!pair.caller.received.contains { $0.status == 408 })
    #expect(pair.world.story == ["ringing", "answered", "released line"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func a408OfTheOtherSideGoesNoFurther() throws {
    var pair = try Self.talking()
    pair.agent.script = { request, phone in
      request.method == "INFO" ? [phone.response(408, to: request, tag: "x")] : nil
    }
    pair.caller.send("INFO", pair.dialog, body: "5", at: pair.world.now)
    pair.world.run(1)
    #expect(!pair.caller.received.contains { $0.status == 408 })
    #expect(pair.world.story == ["ringing", "answered", "released line"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test("A caller behind an address translator is reached where he came from")
  func translated() throws {
    var world = try PairWorld()
    let outside = world.phone("4420", port: 6000)
    let agent = world.phone("7002", port: 7002)
    func from(_ text: String) -> String {
      text.replacingOccurrences(of: "127.0.0.1:6100;", with: "192.168.1.9:5062;rport;")
        .replacingOccurrences(of: "127.0.0.1:6100>", with: "192.168.1.9:5062>")
    }
    world.inject(from(SwitchTests.request("INVITE", extra: SwitchTests.contact)), from: 6000)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(3)
    let answer = try #require(outside.received.last { $0.status == 200 })
    let ack = SwitchTests.request(
      "ACK",
      to: answer["to"],
      extra: SwitchTests.contact,
      branch: "z9hG4bKa"
    )
    world.inject(from(ack), from: 6000)
    world.run(0.1)
    agent.hangUp(try #require(agent.dialogs.first), at: world.now)
    world.run(1)
    #expect(outside.requests("BYE").map(\.uri) == ["sip:4420@192.168.1.9:5062"])
  }

  @Test func aPhoneThatVanishedIsFoundByTheProbe() throws {
    var pair = try Self.talking()
    pair.world.phones[7002] = nil
    pair.world.run(300)
    #expect(pair.world.story == ["ringing", "answered"])
    pair.world.run(40)
    #expect(pair.world.story == ["ringing", "answered", "released line"])
    #expect(pair.caller.requests("OPTIONS").count == 1)
    #expect(pair.caller.openDialogs == 0)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aLostBYEIsFoundByTheProbe() throws {
    var pair = try Self.talking()
    // The phone has forgotten the call without a word.
    pair.agent.dialogs.removeAll()
    pair.world.run(320)
    #expect(pair.world.story == ["ringing", "answered", "released line"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aLongCallIsProbedAndLives() throws {
    var pair = try Self.talking()
    pair.world.run(1_000)
    #expect(pair.agent.requests("OPTIONS").count == 3)
    #expect(pair.world.story == ["ringing", "answered"])
  }

  @Test func aRequestThatIsOlderThanTheLastIsRefused() throws {
    var pair = try Self.talking()
    pair.caller.send("INFO", pair.dialog, at: pair.world.now)
    pair.world.run(0.1)
    pair.dialog.sequence -= 1
    pair.caller.send("INFO", pair.dialog, at: pair.world.now)
    pair.world.run(0.1)
    #expect(pair.caller.received.last?.status == 500)
  }

  @Test func requestsFollowTheRouteSetAndTheContact() throws {
    var world = try PairWorld()
    let proxy = world.phone("proxy", port: 6500)
    var invite = SwitchTests.request(
      "INVITE",
      extra: "Record-Route: <sip:127.0.0.1:6500;lr>, <sip:127.0.0.1:6600;lr>\r\n"
        + "Contact: <sip:4420@caller.example.com>\r\nContent-Type: application/sdp\r\n",
      body: "v=0"
    )
    invite = invite.replacingOccurrences(of: "127.0.0.1:6100", with: "127.0.0.1:6500")
    world.inject(invite, from: 6500)
    world.run(0.1)
    let agent = world.phone("7002", port: 7002)
    agent.behaviour = .answers(after: 0.5)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(1)
    let answer = try #require(proxy.received.last)
    #expect(answer.status == 200)
    #expect(answer.all("record-route") == ["<sip:127.0.0.1:6500;lr>, <sip:127.0.0.1:6600;lr>"])
    world.inject(
      SwitchTests.request("ACK", to: answer["to"], branch: "z9hG4bKack"),
      from: 6500
    )
    world.run(0.1)
    world.perform(.release(conn))
    world.run(0.1)
    let bye = try #require(proxy.requests("BYE").first)
    #expect(bye.uri == "sip:4420@caller.example.com")
    #expect(bye.all("route") == ["<sip:127.0.0.1:6500;lr>", "<sip:127.0.0.1:6600;lr>"])
    world.run(140)
    #expect(world.remains == "")
  }
}
