import Engine
import Foundation
import SIPGlue
import Testing

@Suite("INVITE with Replaces")
struct ReplacesTests {
  /// Replaces for a dialog of a phone, as that phone would hand it to somebody else.
  private static func header(_ dialog: PairPhone.Dialog, _ more: String = "") -> String {
    "Replaces: \(dialog.callID);to-tag=\(PairMessage.parameter("tag", dialog.remote))"
      + ";from-tag=\(PairMessage.parameter("tag", dialog.local))\(more)\r\n"
  }

  @Test func anExtensionPicksUpWhatAnotherHas() throws {
    var world = try TransferWorld()
    let dialog = world.other.call("8000", headers: Self.header(world.leg), at: world.now)
    world.pair.world.run(0.1)
    let offered = world.consult
    let conn = try #require(offered)
    let offer = try #require(world.pair.world.offers.last)
    #expect(offer.dn == "7003")
    #expect(offer.consultOf == world.pair.conn)
    #expect(dialog.statuses == [100])
    world.pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    world.pair.world.run(0.2)
    #expect(world.pair.world.story == ["answered", "transferred"])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(dialog.bodies == [world.pair.caller.sdp])
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(0.1)
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.other.requests("INVITE").isEmpty)
    world.other.hangUp(dialog, at: world.now)
    world.pair.world.run(0.2)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .target))
    #expect(world.end() == "")
  }

  @Test func aPickUpThatTheEngineRefusesChangesNothing() throws {
    var world = try TransferWorld()
    let dialog = world.other.call("8000", headers: Self.header(world.leg), at: world.now)
    world.pair.world.run(0.1)
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.perform(.reject(conn, status: 486))
    world.pair.world.run(0.1)
    #expect(dialog.statuses == [100, 486])
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.end() == "")
  }

  @Test func whoChangesHisMindIsForgotten() throws {
    for isSent in [false, true] {
      var world = try TransferWorld()
      world.pair.caller.script = { request, _ in request.method == "INVITE" ? [] : nil }
      let dialog = world.other.call("8000", headers: Self.header(world.leg), at: world.now)
      world.pair.world.run(0.1)
      let offered = world.consult
      let conn = try #require(offered)
      if isSent {
        world.pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
        world.pair.world.run(0.1)
      }
      world.other.cancel(dialog, at: world.now)
      world.pair.world.run(0.1)
      #expect(dialog.statuses == [100, 487])
      #expect(world.pair.world.signals.last == .released(conn, by: .caller))
      world.pair.caller.script = nil
      #expect(world.pair.agent.openDialogs == 1)
      #expect(world.end() == "")
    }
  }

  @Test func aTrustedPeerTakesTheCallersPlace() throws {
    var world = try TransferWorld()
    let stranger = world.pair.world.phone("4421", port: 6001)
    let header = Self.header(world.pair.dialog)
    let dialog = stranger.call("8000", headers: header, at: world.now)
    world.pair.world.run(0.2)
    #expect(world.pair.agent.requests("INVITE").map(\.body) == [stranger.sdp])
    #expect(dialog.statuses == [100, 200])
    #expect(dialog.bodies == [world.pair.agent.sdp])
    #expect(world.pair.caller.openDialogs == 0)
    #expect(world.pair.world.signals == [])
    stranger.hangUp(dialog, at: world.now)
    world.pair.world.run(0.2)
    #expect(world.pair.world.signals == [.released(world.pair.conn, by: .caller)])
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func anOfferThatTheOtherSideRefusesChangesNothing() throws {
    var world = try TransferWorld()
    world.pair.agent.statusOfReinvite = 488
    let stranger = world.pair.world.phone("4421", port: 6001)
    let header = Self.header(world.pair.dialog)
    let dialog = stranger.call("8000", headers: header, at: world.now)
    world.pair.world.run(0.2)
    #expect(dialog.statuses == [100, 488])
    #expect(world.pair.caller.openDialogs == 1)
    #expect(world.end() == "")
  }

  @Test func whatCannotBeReplaced() throws {
    var world = try TransferWorld()
    let stranger = world.pair.world.phone("4421", port: 6001)
    let good = Self.header(world.pair.dialog)
    for (header, status) in [
      ("Replaces: x;to-tag=1;from-tag=2\r\n", 481), ("Replaces: x\r\n", 400),
      (Self.header(world.pair.dialog, ";early-only"), 486), (Self.header(world.leg), 403),
      (good + good.replacingOccurrences(of: "Replaces: ", with: "Replaces: y"), 400),
    ] {
      let dialog = stranger.call("8000", headers: header, at: world.now)
      world.pair.world.run(0.2)
      #expect(dialog.statuses.last == status, "\(header)")
    }
    stranger.offersSDP = false
    let dialog = stranger.call("8000", headers: good, at: world.now)
    world.pair.world.run(0.2)
    #expect(dialog.statuses.last == 488)
    #expect(world.pair.world.offers.isEmpty)
    #expect(world.end() == "")
  }
}
