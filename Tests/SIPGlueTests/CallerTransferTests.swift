import Engine
import Foundation
import SIPGlue
import Testing

@Suite("REFER of who has called")
struct CallerTransferTests {
  private static func refer(_ world: inout TransferWorld, _ headers: String) {
    world.pair.caller.send("REFER", world.pair.dialog, headers: headers, at: world.now)
    world.pair.world.run(0.1)
  }

  /// The answer to the caller's last REFER.
  private static func answer(_ world: borrowing TransferWorld) -> Int {
    world.pair.caller.received.last { !$0.isRequest && $0.method == "REFER" }?.status ?? 0
  }

  /// What the caller has been told.
  private static func reports(_ world: borrowing TransferWorld) -> [String] {
    world.pair.caller.requests("NOTIFY").map {
      $0.body.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  private static func ring(_ world: inout TransferWorld) throws -> ConnID {
    refer(&world, "Refer-To: <sip:7003@demo.local>\r\n")
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    return conn
  }

  @Test func whomHeHadCalledIsSentOnAndMakesTheCallFromThen() throws {
    var world = try TransferWorld(policy: .both)
    let conn = try Self.ring(&world)
    #expect(Self.answer(world) == 202)
    let offer = try #require(world.pair.world.offers.last)
    #expect(offer.dn == "7003")
    #expect(offer.ani == "")
    #expect(offer.consultOf == world.pair.conn)
    #expect(offer.consultBy == .caller)
    world.pair.world.run(2)
    let invite = try #require(world.other.requests("INVITE").first)
    #expect(invite.body == "")
    #expect(invite["from"].hasPrefix("<sip:7002@demo.local>;tag="))
    #expect(invite["referred-by"] == "<sip:4420@demo.local>")
    #expect(world.pair.agent.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.other.requests("ACK").map(\.body) == [world.pair.agent.sdp])
    #expect(world.pair.world.story == ["ringing", "answered", "transferred"])
    #expect(
      world.pair.world.signals.last == .transferred(conn, into: world.pair.conn, by: .caller)
    )
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(1)
    #expect(Self.reports(world) == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"])
    #expect(world.pair.caller.requests("BYE").count == 1)
    #expect(world.pair.caller.openDialogs == 0)
    // Offers pass between the two, and the one who was called is the caller now.
    world.pair.agent.send("INVITE", world.leg, body: "v=0 a", at: world.now)
    world.pair.world.run(1)
    #expect(world.other.requests("INVITE").last?.body == "v=0 a")
    world.pair.agent.hangUp(world.leg, at: world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .caller))
    #expect(world.other.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func toARoutingPointHeIsSentOnAtOnceAndOutlivesTheProcess() throws {
    var world = try TransferWorld(keeps: true, policy: .both)
    Self.refer(&world, "Refer-To: <sip:8000@demo.local>\r\n")
    let offered = world.consult
    let conn = try #require(offered)
    #expect(
      world.pair.world.signals.last == .transferred(conn, into: world.pair.conn, by: .caller)
    )
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(0.5)
    #expect(world.pair.caller.openDialogs == 0)
    world.pair.world.crash()
    world.pair.world.perform(
      .divert(world.pair.conn, attempt: 1, to: .dn("7003"), mode: .bridge)
    )
    world.pair.world.run(2)
    #expect(
      world.other.requests("INVITE").first?["from"].hasPrefix("<sip:7002@demo.local>") == true
    )
    #expect(world.pair.agent.requests("INVITE").map(\.body) == [world.other.sdp])
    world.pair.world.crash()
    world.pair.agent.hangUp(world.leg, at: world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .caller))
    #expect(world.end() == "")
    #expect(world.pair.world.rows.isEmpty)
  }

  @Test(arguments: [true, false])
  func whomHeHasCalledBesideIsJoinedWithTheFirst(answers: Bool) throws {
    var world = try TransferWorld(.answers(after: answers ? 1 : 4), policy: .both)
    let second = world.pair.caller.call("7003", at: world.now)
    world.pair.world.run(0.1)
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    world.pair.world.run(2)
    world.pair.world.signals = []
    let last = try #require(second.responses.last)
    let call = second.callID.replacingOccurrences(of: "@", with: "%40")
    Self.refer(
      &world,
      "Refer-To: <sip:7003@demo.local?Replaces=\(call)%3Bto-tag%3D\(last.toTag)%3Bfrom-tag%3D"
        + PairMessage.parameter("tag", second.local) + ">\r\n"
    )
    #expect(
      world.pair.world.signals == [.transferred(conn, into: world.pair.conn, by: .caller)]
    )
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(4)
    #expect(Self.reports(world).last == "SIP/2.0 200 OK")
    #expect(world.pair.caller.openDialogs == 0)
    #expect(second.statuses.last == (answers ? 200 : 487))
    #expect(world.pair.agent.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.other.requests("ACK").last?.body == world.pair.agent.sdp)
    let called = try #require(world.other.dialogs.first)
    world.other.hangUp(called, at: world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .target))
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func whoHangsUpBeforeSendsTheOtherOnAllTheSame() throws {
    var world = try TransferWorld(.answers(after: 3), policy: .both)
    let conn = try Self.ring(&world)
    world.pair.world.run(0.5)
    world.pair.caller.hangUp(world.pair.dialog, at: world.now)
    world.pair.world.run(0.1)
    #expect(
      world.pair.world.signals.last == .transferred(conn, into: world.pair.conn, by: .caller)
    )
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(3)
    #expect(world.other.requests("ACK").map(\.body) == [world.pair.agent.sdp])
    #expect(world.end() == "")
  }

  @Test func aPhoneThatRefusesLeavesTheCallAsItWas() throws {
    var world = try TransferWorld(.refuses(486), policy: .both)
    let conn = try Self.ring(&world)
    world.pair.world.run(1)
    world.pair.world.perform(.reject(conn, status: 486))
    world.pair.world.run(1)
    #expect(Self.reports(world).last == "SIP/2.0 486 Busy Here")
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.pair.caller.openDialogs == 1)
    world.pair.agent.hangUp(world.leg, at: world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .target))
    #expect(world.end() == "")
  }

  @Test func whoTheSiteDoesNotLetIsRefused() throws {
    for (policy, byCaller, byTarget) in [
      (TransferPolicy.none, 603, 603), (.called, 603, 202), (.both, 202, 202),
    ] {
      var world = try TransferWorld(policy: policy)
      Self.refer(&world, "Refer-To: <sip:8000@demo.local>\r\n")
      #expect(Self.answer(world) == byCaller)
      if let conn = world.consult { world.pair.world.perform(.reject(conn, status: 480)) }
      world.refer("Refer-To: <sip:8000@demo.local>\r\n")
      #expect(world.answer == byTarget)
      if byTarget == 202, let conn = world.consult {
        world.pair.world.perform(.reject(conn, status: 480))
      }
      #expect(world.end() == "")
    }
  }

  @Test func anExtensionIsNotSentToWhereTheEngineDoesNotSeeIt() throws {
    var world = try TransferWorld(policy: .both)
    Self.refer(&world, "Refer-To: <sip:+442071838750@demo.local>\r\n")
    #expect(Self.answer(world) == 603)
    #expect(world.end() == "")
  }
}
