import Engine
import Foundation
import SIPGlue
import Testing

/// A caller who talks with an agent's phone, a second phone, and the engine's part played by hand.
struct TransferWorld: ~Copyable {
  var pair: PairBridge
  let other: PairPhone
  let leg: PairPhone.Dialog

  init(
    _ behaviour: PairBehaviour = .answers(after: 1),
    keeps: Bool = false,
    policy: TransferPolicy = .called
  ) throws {
    var plan = PairWorld.plan()
    plan.transfers = policy
    var pair = try PairBridge(.answers(after: 1), keeps: keeps, plan: plan)
    let other = pair.world.phone("7003", port: 7003)
    other.behaviour = behaviour
    pair.world.run(2)
    pair.world.signals = []
    pair.caller.received = []
    pair.agent.received = []
    leg = try #require(pair.agent.dialogs.first)
    self.other = other
    self.pair = pair
  }

  /// The agent presses the transfer key.
  mutating func refer(_ headers: String) {
    pair.agent.send("REFER", leg, headers: headers, at: pair.world.now)
    pair.world.run(0.1)
  }

  /// The answer to the last REFER.
  var answer: Int {
    pair.agent.received.last { !$0.isRequest && $0.method == "REFER" }?.status ?? 0
  }

  /// What the agent has been told: the status lines of the NOTIFYs.
  var reports: [String] {
    pair.agent.requests("NOTIFY").map {
      $0.body.trimmingCharacters(in: .whitespacesAndNewlines)
        + ($0["subscription-state"].hasPrefix("terminated") ? "!" : "")
    }
  }

  var now: Double { pair.world.now }

  var consult: ConnID? { pair.world.offers.last?.connID }

  mutating func ring() throws -> ConnID {
    refer("Refer-To: <sip:7003@demo.local>\r\n")
    let offered = consult
    let conn = try #require(offered)
    pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    return conn
  }

  /// The agent calls 7003 himself while he talks with the caller.
  mutating func callOther() throws -> (PairPhone.Dialog, ConnID) {
    let dialog = pair.agent.call("7003", at: pair.world.now)
    pair.world.run(0.1)
    let offered = consult
    let conn = try #require(offered)
    pair.world.perform(.divert(conn, attempt: 1, to: .dn("7003"), mode: .bridge))
    pair.world.run(2)
    pair.world.signals = []
    return (dialog, conn)
  }

  /// Everybody hangs up; what is left then.
  mutating func end() -> String {
    for phone in [pair.caller, other, pair.agent] {
      for dialog in phone.dialogs where !dialog.isEnded {
        if dialog.isAnswered { phone.hangUp(dialog, at: pair.world.now) }
      }
    }
    pair.finish()
    return pair.world.remains
  }
}

@Suite("REFER")
struct TransferTests {
  @Test func toAPhoneItRingsWhileTheTwoTalkAndIsMadeWhenItAnswers() throws {
    var world = try TransferWorld()
    let conn = try world.ring()
    #expect(world.answer == 202)
    #expect(world.reports == ["SIP/2.0 100 Trying"])
    let offer = try #require(world.pair.world.offers.last)
    #expect(offer.dn == "7003")
    #expect(offer.ani == "")
    #expect(offer.type == .consult)
    #expect(offer.consultOf == world.pair.conn)
    world.pair.world.run(0.5)
    #expect(world.pair.world.story == ["ringing"])
    #expect(world.pair.agent.openDialogs == 1)
    let invite = try #require(world.other.requests("INVITE").first)
    #expect(invite.body == "")
    #expect(invite["referred-by"] == "<sip:7002@demo.local>")
    #expect(invite["from"].hasPrefix("\"The 4420\" <sip:4420@demo.local>;tag="))
    world.pair.world.run(1)
    // The phone's offer went to the caller, the caller's answer to the phone.
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.other.requests("ACK").map(\.body) == [world.pair.caller.sdp])
    #expect(world.pair.world.story == ["ringing", "answered", "transferred"])
    #expect(world.pair.world.signals.last == .transferred(conn, into: world.pair.conn))
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(1)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    #expect(world.pair.agent.requests("BYE").count == 1)
    #expect(world.pair.agent.requests("NOTIFY").allSatisfy { $0["event"] == "refer" })
    let type = world.pair.agent.requests("NOTIFY").first?["content-type"]
    #expect(type == "message/sipfrag;version=2.0")
    #expect(world.pair.agent.openDialogs == 0)
    // The two are one call now, under the first name.
    world.pair.caller.hangUp(world.pair.dialog, at: world.pair.world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals.last == .released(world.pair.conn, by: .caller))
    #expect(world.other.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func aPhoneThatRefusesLeavesTheCallAsItWas() throws {
    var world = try TransferWorld(.refuses(486))
    let conn = try world.ring()
    world.pair.world.run(1)
    #expect(world.pair.world.story == ["failed busy"])
    world.pair.world.perform(.reject(conn, status: 486))
    world.pair.world.run(1)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here!"])
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.pair.caller.requests("INVITE").isEmpty)
    // Once more: the second NOTIFYs say which REFER they are about.
    let again = try world.ring()
    world.pair.world.run(0.1)
    let number = world.leg.sequence
    #expect(world.pair.agent.requests("NOTIFY").last?["event"] == "refer;id=\(number)")
    world.pair.world.perform(.reject(again, status: 480))
    #expect(world.end() == "")
  }

  @Test func toARoutingPointItIsMadeAtOnceAndTheCallerIsSentOnFromThere() throws {
    var world = try TransferWorld()
    world.refer("Refer-To: \"Sales\" <sip:8000@demo.local>\r\nReferred-By: <sip:x@y>\r\n")
    let offered = world.consult
    let conn = try #require(offered)
    #expect(
      world.pair.world.signals.last == .transferred(conn, into: world.pair.conn)
    )
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(0.5)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.pair.caller.openDialogs == 1)
    // While nobody is there, offers must wait; a redirect is a bridge.
    world.pair.caller.send("INFO", world.pair.dialog, body: "5", at: world.pair.world.now)
    world.pair.world.run(0.1)
    #expect(world.pair.caller.received.last?.status == 491)
    world.pair.world.perform(.queued(world.pair.conn, queue: "9000", position: 1))
    world.pair.world.perform(
      .divert(world.pair.conn, attempt: 1, to: .dn("7003"), mode: .redirect)
    )
    world.pair.world.run(2)
    #expect(world.pair.world.story == ["transferred", "ringing", "answered"])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.other.requests("ACK").map(\.body) == [world.pair.caller.sdp])
    #expect(world.end() == "")
  }

  @Test func toANumberBehindATrunkItIsOutOfTheEnginesSight() throws {
    var world = try TransferWorld(keeps: true)
    world.pair.world.isAlive = { _ in false }
    world.refer("Refer-To: <sip:+442071838750@demo.local>\r\n")
    #expect(world.answer == 202)
    world.pair.world.run(2)
    #expect(world.other.requests("INVITE").map(\.uri) == ["sip:+442071838750@127.0.0.1:7003"])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.pair.world.signals == [.released(world.pair.conn, by: .target)])
    // They talk on; their end is nothing that the engine waits for.
    world.pair.world.crash()
    world.pair.caller.hangUp(world.pair.dialog, at: world.pair.world.now)
    world.pair.world.run(1)
    #expect(world.other.openDialogs == 0)
    #expect(world.pair.world.signals == [.released(world.pair.conn, by: .target)])
    #expect(world.end() == "")
  }

  @Test func whatTheEngineDoesNotSeeEndsWithAProcessThatKeepsNothing() throws {
    var world = try TransferWorld()
    world.refer("Refer-To: <sip:+442071838750@demo.local>\r\n")
    world.pair.world.run(2)
    let time = world.pair.world.instant
    world.pair.world.line.releaseUnseen(at: time)
    world.pair.world.take()
    world.pair.world.run(1)
    #expect(world.other.openDialogs == 0)
    #expect(world.pair.caller.openDialogs == 0)
    #expect(world.pair.world.signals == [.released(world.pair.conn, by: .target)])
    #expect(world.end() == "")
  }

  @Test(arguments: [PairBehaviour.refuses(486), .rings])
  func aNumberThatDoesNotAnswerLeavesTheCallAsItWas(behaviour: PairBehaviour) throws {
    var world = try TransferWorld(behaviour)
    world.refer("Refer-To: <tel:+442071838750>\r\n")
    world.pair.world.run(130)
    #expect(world.reports.count == 2)
    let last = world.reports.last ?? ""
    #expect(["SIP/2.0 486 Busy Here!", "SIP/2.0 480 Temporarily Unavailable!"].contains(last))
    #expect(world.pair.world.signals == [])
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.other.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func whoIsSentOnAndRefusedThereHearsBYE() throws {
    var world = try TransferWorld()
    world.refer("Refer-To: sip:9000@demo.local\r\n")
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.perform(.reject(world.pair.conn, status: 486))
    world.pair.world.run(1)
    #expect(world.pair.caller.requests("BYE").count == 1)
    #expect(world.end() == "")
  }

  static let refusals: [(String, Int)] = [
    ("", 400), ("Refer-To: <sip:7003@x>\r\nRefer-To: <sip:8000@x>\r\n", 400),
    ("Refer-To: <sip:7003@x>, <sip:8000@x>\r\n", 400), ("Refer-To: nonsense\r\n", 400),
    ("Refer-To: <http://x/y>\r\n", 416), ("Refer-To: <sip:7003@x;method=BYE>\r\n", 403),
    ("Refer-To: <sip:1234@x>\r\n", 404), ("r: <sip:7003@x>\r\n", 202),
    ("Refer-To: <tel:7003>\r\n", 202), ("Refer-To: <sip:7003@x?Replaces=nonsense>\r\n", 400),
    ("Require: nothing\r\nRefer-To: <sip:7003@x>\r\n", 420),
    ("Require: norefersub\r\nRefer-To: <sip:7003@x>\r\n", 202),
  ]

  @Test(arguments: refusals)
  func whatIsWrongIsRefusedAtOnce(refer: (headers: String, status: Int)) throws {
    var world = try TransferWorld()
    world.refer(refer.headers)
    #expect(world.answer == refer.status)
    #expect(world.pair.world.offers.count == (refer.status == 202 ? 1 : 0))
    if let conn = world.consult { world.pair.world.perform(.reject(conn, status: 480)) }
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.end() == "")
  }

  @Test func oneAtATimeAndOnlyByWhoWasCalled() throws {
    var world = try TransferWorld(.rings)
    _ = try world.ring()
    world.refer("Refer-To: <sip:8000@x>\r\n")
    #expect(world.answer == 491)
    world.pair.caller.send(
      "REFER",
      world.pair.dialog,
      headers: "Refer-To: <sip:8000@x>\r\n",
      at: world.pair.world.now
    )
    world.pair.world.run(0.1)
    #expect(world.pair.caller.received.last?.status == 603)
    #expect(world.end() == "")
  }

  @Test func whoWantsNoReportsGetsNone() throws {
    var world = try TransferWorld()
    world.refer("Refer-To: <sip:8000@x>\r\nRefer-Sub: false\r\n")
    #expect(world.answer == 202)
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(0.5)
    #expect(world.reports == [])
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func theCallerWhoHangsUpTakesTheTransferBack() throws {
    var world = try TransferWorld(.rings)
    let conn = try world.ring()
    world.pair.world.run(0.5)
    world.pair.caller.hangUp(world.pair.dialog, at: world.pair.world.now)
    world.pair.world.run(1)
    #expect(world.other.requests("CANCEL").count == 1)
    #expect(world.reports.last == "SIP/2.0 487 Request Terminated!")
    #expect(
      world.pair.world.signals.suffix(2) == [
        .released(conn, by: .caller), .released(world.pair.conn, by: .caller),
      ]
    )
    #expect(world.end() == "")
  }

  @Test func theAgentWhoHangsUpBeforeSendsTheCallerOnAllTheSame() throws {
    var world = try TransferWorld(.answers(after: 3))
    let conn = try world.ring()
    world.pair.world.run(0.5)
    world.pair.agent.hangUp(world.leg, at: world.pair.world.now)
    world.pair.world.run(0.1)
    #expect(world.pair.world.signals.last == .transferred(conn, into: world.pair.conn))
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(3)
    #expect(
      world.pair.world.signals.last == .answered(world.pair.conn, attempt: 1)
    )
    #expect(world.other.requests("ACK").map(\.body) == [world.pair.caller.sdp])
    #expect(world.end() == "")
  }

  @Test func aPartyWhoCannotBeJoinedTalksOnWithTheAgent() throws {
    var world = try TransferWorld()
    world.pair.caller.statusOfReinvite = 488
    let conn = try world.ring()
    world.pair.world.run(2)
    #expect(world.pair.world.story == ["ringing", "failed unreachable"])
    #expect(world.other.openDialogs == 0)
    world.pair.world.perform(.reject(conn, status: 480))
    world.pair.world.run(0.1)
    #expect(world.reports.last == "SIP/2.0 480 Temporarily Unavailable!")
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.end() == "")
  }

  @Test func anOfferUnderWayMakesTheJoinWait() throws {
    var world = try TransferWorld()
    let conn = try world.ring()
    world.pair.world.run(0.8)
    // The agent's hold is unanswered when the phone answers.
    var isFirst = true
    world.pair.caller.script = { request, _ in
      guard request.method == "INVITE", isFirst else { return nil }
      isFirst = false
      return []
    }
    world.pair.agent.send("INVITE", world.leg, body: "v=0 a", at: world.pair.world.now)
    world.pair.world.run(5)
    #expect(world.pair.world.signals.last == .transferred(conn, into: world.pair.conn))
    #expect(world.pair.caller.requests("INVITE").last?.body == world.other.sdp)
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    #expect(world.end() == "")
  }
}
