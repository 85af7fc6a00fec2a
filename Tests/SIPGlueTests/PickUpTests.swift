import Engine
import Foundation
import SIPGlue
import Testing

/// A call that rings at 7002, and a phone at 7003.
private struct PickUpWorld: ~Copyable {
  var pair: PairBridge
  let other: PairPhone

  init(_ behaviour: PairBehaviour = .rings, keeps: Bool = false) throws {
    var pair = try PairBridge(behaviour, keeps: keeps)
    other = pair.world.phone("7003", port: 7003)
    pair.world.signals = []
    self.pair = pair
  }

  /// Replaces for the dialog that the ringing phone has.
  func header(_ more: String = "") throws -> String {
    let ringing = try #require(pair.agent.dialogs.first)
    return "Replaces: \(ringing.callID);to-tag=\(PairMessage.parameter("tag", ringing.remote))"
      + ";from-tag=\(PairMessage.parameter("tag", ringing.local))\(more)\r\n"
  }

  mutating func pickUp(_ header: String) -> PairPhone.Dialog {
    let dialog = other.call("7002", headers: header, at: pair.world.now)
    pair.world.run(0.1)
    return dialog
  }

  /// The consult call that the engine was offered.
  func consult() throws -> ConnID { try #require(pair.world.offers.last).connID }

  mutating func end() -> String {
    for phone in [pair.caller, other, pair.agent] {
      for dialog in phone.dialogs where !dialog.isEnded {
        if dialog.isAnswered {
          phone.hangUp(dialog, at: pair.world.now)
        } else {
          phone.cancel(dialog, at: pair.world.now)
        }
      }
    }
    pair.finish()
    return pair.world.remains
  }
}

@Suite("Calls that ring are picked up by INVITE with Replaces")
struct PickUpTests {
  @Test(arguments: ["", ";early-only"])
  func whoPicksUpTalksAndTheOtherPhoneStopsRinging(early: String) throws {
    var world = try PickUpWorld(keeps: true)
    let dialog = world.pickUp(try world.header(early))
    let conn = try world.consult()
    let offer = try #require(world.pair.world.offers.last)
    #expect(offer.dn == "7003")
    #expect(offer.consultOf == world.pair.conn)
    world.pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    #expect(world.pair.world.signals.last == .transferred(conn, into: world.pair.conn))
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    #expect(world.pair.world.signals.last == .answered(world.pair.conn, attempt: 1))
    world.pair.world.run(0.5)
    let cancel = try #require(world.pair.agent.requests("CANCEL").first)
    #expect(cancel["reason"] == "SIP;cause=200;text=\"Call completed elsewhere\"")
    #expect(world.pair.agent.openDialogs == 0)
    // Each has what the other has offered.
    #expect(dialog.statuses == [100, 200])
    #expect(dialog.bodies == [world.pair.caller.sdp])
    #expect(world.pair.dialog.statuses.last == 200)
    #expect(world.pair.dialog.bodies == [world.other.sdp])
    // It is a call like any other, also for the next process.
    world.pair.world.crash()
    world.other.send("INVITE", dialog, body: "v=0 a", at: world.pair.world.now)
    world.pair.world.run(1)
    #expect(world.pair.caller.requests("INVITE").map(\.body) == ["v=0 a"])
    world.other.hangUp(dialog, at: world.pair.world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .target))
    #expect(world.end() == "")
    #expect(world.pair.world.rows.isEmpty)
  }

  @Test func whatTheEngineRefusesRingsOn() throws {
    var world = try PickUpWorld(.answers(after: 3))
    let dialog = world.pickUp(try world.header())
    world.pair.world.perform(.reject(try world.consult(), status: 486))
    world.pair.world.run(4)
    #expect(dialog.statuses == [100, 486])
    #expect(world.pair.agent.requests("CANCEL").isEmpty)
    #expect(world.pair.world.signals.last == .answered(world.pair.conn, attempt: 1))
    #expect(world.end() == "")
  }

  @Test func whoTalksAlreadyIsJoinedWithWhoPicksHimUp() throws {
    var world = try TransferWorld(.rings)
    world.refer("Refer-To: <sip:8000@demo.local>\r\n")
    let offered = world.consult
    let first = try #require(offered)
    world.pair.world.perform(.transfer(first, into: world.pair.conn))
    world.pair.world.perform(.divert(world.pair.conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    world.pair.world.run(1)
    let ringing = try #require(world.other.dialogs.first)
    let header =
      "Replaces: \(ringing.callID);to-tag=\(PairMessage.parameter("tag", ringing.remote))"
      + ";from-tag=\(PairMessage.parameter("tag", ringing.local))\r\n"
    let dialog = world.pair.agent.call("7003", headers: header, at: world.now)
    world.pair.world.run(0.1)
    let again = world.consult
    let conn = try #require(again)
    world.pair.world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(1)
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.pair.agent.sdp])
    #expect(dialog.bodies == [world.pair.caller.sdp])
    #expect(world.other.requests("CANCEL").count == 1)
    #expect(world.pair.world.signals.last == .answered(world.pair.conn, attempt: 1))
    #expect(world.end() == "")
  }

  @Test func whatCannotBePickedUp() throws {
    var world = try PickUpWorld()
    let header = try world.header()
    let stranger = world.pair.world.phone("4421", port: 6001)
    let dialog = stranger.call("7002", headers: header, at: world.pair.world.now)
    world.pair.world.run(0.1)
    #expect(dialog.statuses.last == 403)
    world.other.offersSDP = false
    #expect(world.pickUp(header).statuses.last == 488)
    world.other.offersSDP = true
    let ours = PairMessage.parameter("tag", world.pair.agent.dialogs.first?.remote ?? "")
    #expect(world.pickUp("Replaces: x;to-tag=\(ours);from-tag=1\r\n").statuses.last == 481)
    // The caller's side of it: a dialog that we have not begun.
    let own = PairMessage.parameter("tag", world.pair.dialog.local)
    let tag = world.pair.dialog.responses.last?.toTag ?? ""
    let callers = "Replaces: \(world.pair.dialog.callID);to-tag=\(tag);from-tag=\(own)\r\n"
    #expect(world.pickUp(callers).statuses.last == 481)
    #expect(world.pair.world.offers.isEmpty)
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.end() == "")
    var silent = try PickUpWorld(.tries)
    #expect(silent.pickUp(try silent.header()).statuses.last == 481)
    #expect(silent.end() == "")
  }

  static let matches: [(String, String, Bool)] = [
    ("m=audio 1 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000", "m=audio 2 RTP/AVP 8 0", true),
    (
      "m=audio 1 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2",
      "m=audio 2 RTP/AVP 97\na=rtpmap:97 OPUS/48000/2", true
    ),
    ("m=audio 1 RTP/AVP 0", "m=audio 2 RTP/AVP 8", false),
    ("m=audio 1 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000/1", "m=audio 2 RTP/AVP 0", true),
    ("m=audio 1 RTP/AVP 0", "m=audio 2 RTP/SAVP 0", false),
    ("m=audio 1 RTP/AVP 0", "m=audio 2 RTP/AVP 0\r\nm=video 4 RTP/AVP 96", false),
    ("m=audio 1 RTP/AVP 0\r\na=setup:actpass", "m=audio 2 RTP/AVP 0\r\na=setup:actpass", false),
    (
      "m=audio 1 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000",
      "m=audio 1 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000", false
    ),
  ]

  @Test(arguments: matches)
  func twoOffersAreEachOthersAnswersWhereTheyHaveAFormatInCommon(
    match: (first: String, second: String, isMutual: Bool)
  ) {
    let found = match.first.withByteView { first in
      match.second.withByteView { SessionMatch.isMutual(first, $0) }
    }
    #expect(found == match.isMutual)
  }
}
