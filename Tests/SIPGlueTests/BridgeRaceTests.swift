import Engine
import Foundation
import SIPGlue
import Testing

/// A bridge under way: a caller at 8000 and a phone at 7002.
struct PairBridge: ~Copyable {
  var world: PairWorld
  let caller: PairPhone
  let agent: PairPhone
  let dialog: PairPhone.Dialog
  let conn: ConnID

  init(
    _ behaviour: PairBehaviour,
    offer: Bool = true,
    keeps: Bool = false,
    diverts: Bool = true,
    callerHeaders: String = "",
    plan: SIPPlan = PairWorld.plan()
  ) throws {
    var world = try PairWorld(plan: plan)
    world.line.keepsDialogs = keeps
    let caller = world.phone("4420", port: 6000)
    let agent = world.phone("7002", port: 7002)
    agent.behaviour = behaviour
    caller.offersSDP = offer
    caller.headers = callerHeaders
    let dialog = caller.call("8000", at: 0)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.signals = []
    if diverts {
      world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
      world.run(0.5)
    }
    self.caller = caller
    self.agent = agent
    self.dialog = dialog
    self.conn = conn
    self.world = world
  }

  /// Lets every timer run out.
  mutating func finish() { world.run(140) }
}

@Suite("Races and refusals in bridged calls")
struct BridgeRaceTests {
  @Test func theTargetHangsUp() throws {
    var pair = try PairBridge(.answers(after: 1))
    pair.world.run(2)
    let leg = try #require(pair.agent.dialogs.first)
    pair.agent.hangUp(leg, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.world.story == ["ringing", "answered", "released target"])
    #expect(pair.caller.requests("BYE").count == 1)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func theTargetHangsUpBeforeTheCallerAcknowledges() throws {
    var pair = try PairBridge(.answers(after: 1))
    pair.caller.acknowledges = false
    pair.world.run(1)
    let leg = try #require(pair.agent.dialogs.first)
    pair.agent.hangUp(leg, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.world.story == ["ringing", "answered", "released target"])
    // No BYE before the ACK (RFC 3261 15).
    #expect(pair.caller.requests("BYE").isEmpty)
    pair.caller.acknowledges = true
    pair.world.run(5)
    #expect(pair.caller.requests("BYE").count == 1)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func anAnswerThatIsNeverAcknowledgedEndsBothSides() throws {
    var pair = try PairBridge(.answers(after: 1))
    pair.caller.acknowledges = false
    pair.world.run(40)
    #expect(pair.world.story == ["ringing", "answered", "released line"])
    #expect(pair.dialog.responses.filter { $0.status == 200 }.count > 8)
    #expect(pair.caller.requests("BYE").count >= 1)
    #expect(pair.agent.openDialogs == 0)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func anOfferLeftToTheTargetIsAnsweredInTheACK() throws {
    var pair = try PairBridge(.answers(after: 1), offer: false)
    pair.world.run(2)
    #expect(pair.agent.requests("INVITE").first?.body == "")
    #expect(pair.dialog.bodies == [pair.agent.sdp])
    #expect(pair.agent.requests("ACK").map(\.body) == [pair.caller.sdp])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aCallerWhoCancelsIsTakenFromTheRingingPhone() throws {
    var pair = try PairBridge(.rings)
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.dialog.statuses == [100, 180, 487])
    #expect(pair.world.story == ["ringing", "released caller"])
    #expect(pair.agent.requests("CANCEL").count == 1)
    #expect(pair.agent.openDialogs == 0)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aCancelWaitsForTheFirstProvisional() throws {
    var pair = try PairBridge(.silent)
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.world.run(0.3)
    #expect(pair.world.story == ["released caller"])
    #expect(pair.agent.requests("CANCEL").isEmpty)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func anAnswerThatCrossesTheCancelIsAcknowledgedAndEnded() throws {
    var pair = try PairBridge(.rings)
    let leg = try #require(pair.agent.dialogs.first)
    let key = "INVITE" + (leg.invite?.branch ?? "")
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.agent.answer(leg, key, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.dialog.statuses == [100, 180, 487])
    #expect(pair.world.story == ["ringing", "released caller"])
    #expect(pair.agent.requests("ACK").count == 1)
    #expect(pair.agent.requests("BYE").count == 1)
    #expect(pair.world.line.counters.lateAnswers == 1)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func ofTwoPhonesThatAnswerOneSurvives() throws {
    var pair = try PairBridge(.answersTwice)
    pair.world.run(2)
    #expect(pair.world.story == ["ringing", "answered"])
    #expect(pair.dialog.responses.filter { $0.status == 200 }.count == 1)
    let byes = pair.agent.requests("BYE")
    #expect(byes.map(\.toTag) == ["other"])
    #expect(pair.agent.requests("ACK").map(\.toTag).contains("other"))
    pair.agent.dialogs.forEach { $0.isEnded = false }
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.agent.requests("BYE").count == 2)
    #expect(pair.world.story == ["ringing", "answered", "released caller"])
    #expect(pair.world.remains == "")
  }

  @Test func aPhoneThatRepeatsItsAnswerAfterTheEndIsAcknowledged() throws {
    var pair = try PairBridge(.answers(after: 1))
    pair.world.wire.loses = { $0.hasPrefix("ACK") && $0.contains("@127.0.0.1:7002") }
    pair.world.run(1.2)
    #expect(pair.world.story == ["ringing", "answered"])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.world.run(0.2)
    #expect(pair.agent.requests("BYE").count == 1)
    #expect(pair.agent.requests("ACK").isEmpty)
    pair.world.wire.loses = nil
    pair.world.run(5)
    let acks = pair.agent.requests("ACK")
    #expect(acks.count == 1)
    let invite = try #require(pair.agent.requests("INVITE").first)
    #expect(acks.first?.callID == invite.callID)
    #expect(acks.first?.toTag == pair.agent.requests("BYE").first?.toTag)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  /// Twenty calls within seconds leave far more transactions than there is room for.
  @Test func aTableThatIsFullOfThePastRefusesNothing() throws {
    var plan = PairWorld.plan()
    plan.limits.transactionsMax = 8
    var world = try PairWorld(plan: plan)
    let caller = world.phone("4420", port: 6000)
    let agent = world.phone("7002", port: 7002)
    agent.behaviour = .answers(after: 0.1)
    for number in 1...20 {
      let dialog = caller.call("8000", at: world.now)
      world.run(0.05)
      let conn = try #require(world.offers.last).connID
      world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
      world.run(0.4)
      #expect(dialog.statuses.last == 200, "call \(number)")
      caller.hangUp(dialog, at: world.now)
      world.run(0.1)
      #expect(world.story.suffix(3) == ["ringing", "answered", "released caller"])
    }
    #expect(agent.requests("BYE").count == 20)
    #expect(world.line.counters.refused == 0)
    world.run(140)
    #expect(world.remains == "")
  }

  static let refusals: [(status: Int, hasRung: Bool, failure: RouteFailure)] = [
    (486, false, .busy), (600, true, .busy), (408, false, .unreachable), (408, true, .noAnswer),
    (480, false, .unreachable), (480, true, .noAnswer), (487, true, .noAnswer),
    (404, false, .unreachable), (410, false, .unreachable), (500, true, .unreachable),
    (503, false, .unreachable), (302, false, .rejected), (401, false, .rejected),
    (403, false, .rejected), (407, false, .rejected), (488, false, .rejected),
    (603, true, .rejected), (606, false, .rejected),
  ]

  @Test(arguments: refusals)
  func aRefusalIsAReasonAndTheCallerWaitsOn(
    refusal: (status: Int, hasRung: Bool, failure: RouteFailure)
  ) throws {
    let behaviour: PairBehaviour =
      refusal.hasRung
      ? .ringsThenRefuses(refusal.status, after: 0.2) : .refuses(refusal.status)
    var pair = try PairBridge(behaviour)
    #expect(
      pair.world.story == (refusal.hasRung ? ["ringing"] : []) + ["failed \(refusal.failure)"]
    )
    #expect(pair.dialog.statuses.allSatisfy { $0 < 200 })
    #expect(pair.world.line.callCount == 1)
    // The next target gets the call, and learns why.
    let other = pair.world.phone("7003", port: 7003)
    pair.world.perform(.divert(pair.conn, attempt: 2, to: .dn("7003"), mode: .bridge))
    pair.world.run(4)
    #expect(pair.dialog.statuses.last == 200)
    #expect(other.requests("INVITE").first?["diversion"].contains("counter=2") == true)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.story.last == "released caller")
    #expect(pair.world.remains == "")
  }

  @Test func aPhoneThatDoesNotReactIsUnreachable() throws {
    var pair = try PairBridge(.silent)
    pair.world.run(33)
    #expect(pair.world.story == ["failed unreachable"])
    pair.world.perform(.reject(pair.conn, status: 480))
    pair.finish()
    #expect(pair.dialog.statuses.last == 480)
    #expect(pair.world.story == ["failed unreachable"])
    #expect(pair.world.remains == "")
  }

  @Test func aDiversionThatIsTakenBackIsNeverHeardOfAgain() throws {
    var pair = try PairBridge(.rings)
    let other = pair.world.phone("7003", port: 7003)
    pair.world.perform(.cancelDiversion(pair.conn, attempt: 1, .noAnswer))
    pair.world.perform(.divert(pair.conn, attempt: 2, to: .dn("7003"), mode: .bridge))
    pair.world.run(4)
    #expect(pair.world.story == ["ringing", "ringing", "answered"])
    #expect(pair.agent.requests("CANCEL").count == 1)
    #expect(other.requests("INVITE").count == 1)
    pair.world.perform(.release(pair.conn))
    pair.world.run(1)
    #expect(pair.caller.requests("BYE").count == 1)
    #expect(other.requests("BYE").count == 1)
    pair.finish()
    #expect(pair.world.story == ["ringing", "ringing", "answered"])
    #expect(pair.world.remains == "")
  }

  @Test func aCallIsReleasedInEveryState() throws {
    for (behaviour, seconds, status) in [
      (PairBehaviour.silent, 0.1, 480), (.tries, 0.5, 480), (.rings, 0.5, 480),
      (.answers(after: 1), 3.0, 200),
    ] {
      var pair = try PairBridge(behaviour)
      pair.world.run(seconds)
      pair.world.perform(.release(pair.conn))
      pair.world.run(1)
      #expect(pair.dialog.statuses.last == status)
      #expect(!pair.world.story.contains { $0.hasPrefix("released") })
      pair.finish()
      #expect(pair.agent.openDialogs == 0)
      #expect(pair.world.remains == "")
    }
  }
}
