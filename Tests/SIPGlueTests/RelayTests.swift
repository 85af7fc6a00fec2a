import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Requests that are passed on from one side to the other")
struct RelayTests {
  /// Whether a message is a success to INVITE.
  private static func isAnswer(_ text: String) -> Bool {
    text.hasPrefix("SIP/2.0 200") && text.contains(" INVITE\r\n")
  }

  @Test("Who has asked may be gone when the answer comes", arguments: [true, false])
  func askerIsGone(hasOffer: Bool) throws {
    var world = try TransferWorld(.rings)
    _ = try world.ring()
    // The caller's answer to the phone's offer comes after the phone has hung up; he is being sent
    // on, so that his call lives.
    world.pair.world.wire.loses = Self.isAnswer
    world.pair.agent.send(
      "INVITE",
      world.leg,
      body: hasOffer ? world.pair.agent.sdp : nil,
      at: world.now
    )
    world.pair.world.run(0.3)
    world.pair.agent.hangUp(world.leg, at: world.now)
    world.pair.world.run(0.1)
    world.pair.world.wire.loses = nil
    world.pair.world.run(3)
    #expect(world.pair.caller.openDialogs == 1)
    #expect(!world.pair.world.story.contains { $0.hasPrefix("held") })
    #expect(world.end() == "")
    #expect(world.pair.caller.unacknowledged == 0)
  }

  /// A call whose agent answers requests of a kind only with these texts, or not at all.
  private static func bridge(
    _ method: String,
    _ texts: @escaping (PairMessage, PairPhone) -> [String]
  ) throws -> PairBridge {
    var pair = try PairBridge(.answers(after: 1))
    pair.world.run(2)
    pair.caller.received = []
    pair.agent.received = []
    pair.world.sent = []
    pair.agent.script = { request, phone in
      request.method == method ? texts(request, phone) : nil
    }
    return pair
  }

  @Test func aRequestThatWaitsIsTriedOnceItsSenderHasBecomeSlow() throws {
    var pair = try Self.bridge("INFO") { _, _ in [] }
    let caller = pair.caller
    func statuses() -> [Int] { caller.received.filter { $0.method == "INFO" }.map(\.status) }
    pair.caller.send("INFO", pair.dialog, at: pair.world.now)
    // Timer E is at T2 after 3.5 s (RFC 4320 4.1).
    pair.world.run(3.4)
    #expect(statuses() == [])
    pair.world.run(1)
    #expect(statuses() == [100])
    pair.agent.script = nil
    pair.world.run(5)
    #expect(statuses().last == 200)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aRequestThatNobodyAnswersIsNever408() throws {
    var pair = try Self.bridge("INFO") { _, _ in [] }
    pair.caller.send("INFO", pair.dialog, at: pair.world.now)
    pair.world.run(70)
    #expect(!pair.world.sent.contains { $0.hasPrefix("SIP/2.0 408") })
    // The dialog is over (RFC 5057 5.1).
    #expect(pair.agent.requests("BYE").count == 1)
    #expect(pair.caller.requests("BYE").count == 1)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func a408OfTheOtherSideEndsTheCallAndIsNotPassedOn() throws {
    var pair = try Self.bridge("INFO") { [$1.response(408, to: $0, tag: "x")] }
    pair.caller.send("INFO", pair.dialog, at: pair.world.now)
    pair.world.run(0.5)
    #expect(pair.caller.received.last { $0.method == "INFO" }?.status == 481)
    #expect(pair.caller.openDialogs == 0)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func theAnswerToAnUPDATEMovesWhoGaveIt() throws {
    var pair = try Self.bridge("UPDATE") { request, phone in
      let text = phone.response(200, to: request, tag: "x", body: phone.sdp)
      return [text.replacingOccurrences(of: "<sip:7002@", with: "<sip:moved@")]
    }
    pair.caller.send("UPDATE", pair.dialog, body: pair.caller.sdp, at: pair.world.now)
    pair.world.run(0.5)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.world.run(0.5)
    #expect(pair.agent.requests("BYE").map(\.uri) == ["sip:moved@127.0.0.1:7002"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aBodyWithoutATypeGetsNoEmptyOne() throws {
    var pair = try Self.bridge("INFO") { [$1.response(200, to: $0, tag: "x")] }
    let text =
      pair.caller.request("INFO", pair.dialog, branch: "z9hG4bKuntyped")
      .replacingOccurrences(of: "CSeq: 1 ", with: "CSeq: 2 ") + "Content-Length: 4\r\n\r\nbody"
    pair.world.inject(text, from: 6000)
    pair.world.run(0.5)
    let info = try #require(pair.agent.requests("INFO").first)
    #expect(info.body == "body")
    #expect(!info.headers.contains { $0.name == "content-type" })
    pair.agent.hangUp(try #require(pair.agent.dialogs.first), at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }
}
