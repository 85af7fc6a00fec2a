import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Transfers to phones that take no INVITE without an offer")
struct OfferlessTests {
  /// Makes a phone refuse INVITEs without an offer, the first and later ones.
  private static func refuse(_ phone: PairPhone, _ status: Int) {
    phone.script = { request, phone in
      guard request.method == "INVITE", request.body.isEmpty else { return nil }
      return [phone.response(status, to: request, tag: "n")]
    }
  }

  @Test(arguments: [400, 415, 488, 606])
  func theyGetWhatTheCallerHadOffered(status: Int) throws {
    var world = try TransferWorld()
    Self.refuse(world.other, status)
    let conn = try world.ring()
    world.pair.world.run(2)
    #expect(world.other.requests("INVITE").map(\.body) == ["", world.pair.caller.sdp])
    #expect(world.other.requests("INVITE").map(\.sequence) == [1, 2])
    // Its answer is what the caller is offered; what he answers it knows.
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.pair.world.story == ["ringing", "answered", "transferred"])
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(1)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    #expect(world.other.openDialogs == 1)
    #expect(world.other.unacknowledged == 0)
    #expect(world.end() == "")
  }

  @Test func anAnswerThatTheyDoNotKnowIsOfferedToThem() throws {
    var world = try TransferWorld()
    Self.refuse(world.other, 488)
    world.pair.caller.script = { request, phone in
      guard request.method == "INVITE" else { return nil }
      return [phone.response(200, to: request, tag: "x", body: "v=0 another")]
    }
    let conn = try world.ring()
    world.pair.world.run(2)
    #expect(
      world.other.requests("INVITE").map(\.body) == ["", world.pair.caller.sdp, "v=0 another"]
    )
    #expect(world.pair.world.signals.last == .transferred(conn, into: world.pair.conn))
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    #expect(world.end() == "")
  }

  @Test func aPhoneThatTalksAlreadyIsJoinedTheSameWay() throws {
    var world = try TransferWorld()
    let (dialog, conn) = try world.callOther()
    Self.refuse(world.other, 488)
    let call = dialog.callID.replacingOccurrences(of: "@", with: "%40")
    world.refer(
      "Refer-To: <sip:7003@demo.local?Replaces=\(call)%3Bto-tag%3D"
        + PairMessage.parameter("tag", dialog.remote) + "%3Bfrom-tag%3D"
        + PairMessage.parameter("tag", dialog.local) + ">\r\n"
    )
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(2)
    let caller = world.pair.caller.sdp
    #expect(world.other.requests("INVITE").map(\.body) == [world.pair.agent.sdp, "", caller])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.other.openDialogs == 1)
    #expect(world.pair.caller.openDialogs == 1)
    #expect(world.end() == "")
  }

  @Test func whoRefusesThatTooIsNotAskedAgain() throws {
    var world = try TransferWorld()
    world.other.script = { request, phone in
      request.method == "INVITE" ? [phone.response(488, to: request, tag: "n")] : nil
    }
    let conn = try world.ring()
    world.pair.world.run(2)
    #expect(world.other.requests("INVITE").count == 2)
    #expect(world.pair.world.story == ["failed rejected"])
    world.pair.world.perform(.reject(conn, status: 603))
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.end() == "")
  }

  @Test func itWorksWhereTheEngineSeesNothingToo() throws {
    var world = try TransferWorld()
    Self.refuse(world.other, 488)
    world.refer("Refer-To: <sip:+442071838750@demo.local>\r\n")
    world.pair.world.run(2)
    #expect(world.reports.last == "SIP/2.0 200 OK!")
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.end() == "")
  }
}
