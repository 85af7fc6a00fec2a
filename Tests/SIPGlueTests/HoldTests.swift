import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Offers inside an answered call: hold, glare, and what goes along")
struct HoldTests {
  private static func talking(_ plan: SIPPlan = PairWorld.plan()) throws -> PairBridge {
    var pair = try PairBridge(.answers(after: 1), plan: plan)
    pair.world.run(2)
    pair.world.signals = []
    return pair
  }

  private static func description(_ lines: String, media: String = "") -> String {
    "v=0\r\no=x 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
      + "m=audio 4000 RTP/AVP 0\r\n" + lines + media
  }

  static let offers: [(body: String, holds: Bool)] = [
    (description("a=sendonly\r\n"), true), (description("a=inactive\r\n"), true),
    (description("c=IN IP4 0.0.0.0\r\n"), true), (description("a=recvonly\r\n"), false),
    (description("a=sendrecv\r\n"), false), (description(""), false),
    // One of two media goes on.
    (description("a=sendonly\r\n", media: "m=video 4002 RTP/AVP 31\r\n"), false),
    (description("a=sendonly\r\n", media: "m=video 0 RTP/AVP 31\r\n"), true),
    (
      "v=0\r\no=x 1 2 IN IP4 127.0.0.1\r\ns=-\r\na=inactive\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0",
      true
    ),
    (
      "--b\r\nContent-Type: application/sdp\r\n\r\n" + description("a=sendonly\r\n") + "--b--", true
    ),
    ("v=0\r\n", false), ("", false), ("m=", false),
    ("v=0\na=sendonly\nm=audio 1 RTP/AVP 0\n", true),
  ]

  @Test(arguments: offers)
  func holdAndRetrieveAreSeenInTheOffer(offer: (body: String, holds: Bool)) throws {
    for method in ["INVITE", "UPDATE"] {
      var pair = try Self.talking()
      let leg = try #require(pair.agent.dialogs.first)
      pair.agent.send(method, leg, body: offer.body, at: pair.world.now)
      pair.world.run(1)
      #expect(pair.world.story == (offer.holds ? ["held target"] : []), "\(method)")
      pair.agent.send(method, leg, body: Self.description(""), at: pair.world.now)
      pair.world.run(1)
      #expect(
        pair.world.story == (offer.holds ? ["held target", "retrieved target"] : []),
        "\(method)"
      )
      pair.caller.hangUp(pair.dialog, at: pair.world.now)
      pair.finish()
      #expect(pair.world.remains == "")
    }
  }

  @Test func eachSideHoldsForItself() throws {
    var pair = try Self.talking()
    let leg = try #require(pair.agent.dialogs.first)
    pair.caller.send(
      "INVITE",
      pair.dialog,
      body: Self.description("a=sendonly"),
      at: pair.world.now
    )
    pair.world.run(1)
    pair.agent.send("INVITE", leg, body: Self.description("a=inactive"), at: pair.world.now)
    pair.world.run(1)
    // The same once more is nothing new.
    pair.agent.send("INVITE", leg, body: Self.description("a=inactive"), at: pair.world.now)
    pair.world.run(1)
    pair.caller.send("INVITE", pair.dialog, body: Self.description(""), at: pair.world.now)
    pair.world.run(1)
    #expect(pair.world.story == ["held caller", "held target", "retrieved caller"])
  }

  @Test func aHoldThatIsRefusedIsNone() throws {
    var pair = try Self.talking()
    pair.agent.statusOfReinvite = 488
    pair.caller.send(
      "INVITE",
      pair.dialog,
      body: Self.description("a=sendonly"),
      at: pair.world.now
    )
    pair.world.run(1)
    #expect(pair.dialog.statuses.last == 488)
    #expect(pair.world.story == [])
  }

  // MARK: Glare

  @Test func anUPDATEThatCrossesAnOfferIs491AndASecondOneOfTheSameSide500() throws {
    var pair = try Self.talking()
    pair.agent.script = { request, _ in request.method == "UPDATE" ? [] : nil }
    let leg = try #require(pair.agent.dialogs.first)
    pair.caller.send("UPDATE", pair.dialog, body: "v=0 a", at: pair.world.now)
    pair.world.run(0.1)
    pair.agent.send("UPDATE", leg, body: "v=0 b", at: pair.world.now)
    pair.world.run(0.1)
    #expect(pair.agent.received.last { !$0.isRequest }?.status == 491)
    for method in ["UPDATE", "INVITE"] {
      pair.caller.send(method, pair.dialog, body: "v=0 c", at: pair.world.now)
      pair.world.run(0.1)
      let refusal = try #require(pair.caller.received.last { !$0.isRequest })
      #expect(refusal.status == 500)
      #expect((0...10).contains(Int(refusal["retry-after"]) ?? -1))
    }
    // Nobody answers: that side is gone.
    pair.world.run(40)
    #expect(pair.world.story == ["released line"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func anUPDATEWithoutAnOfferIsAnsweredHere() throws {
    var pair = try Self.talking()
    pair.caller.send("UPDATE", pair.dialog, at: pair.world.now)
    pair.world.run(0.1)
    let answer = try #require(pair.caller.received.last)
    #expect(answer.status == 200)
    #expect(answer["contact"].contains("8000@"))
    #expect(pair.agent.requests("UPDATE").isEmpty)
  }

  @Test func aNewContactInAnUPDATEIsWhereRequestsGo() throws {
    var pair = try Self.talking()
    let moved = pair.world.phone("moved", port: 6001)
    pair.world.inject(
      pair.caller.request("UPDATE", pair.dialog, branch: "z9hG4bKmoved")
        .replacingOccurrences(of: "CSeq: 1 ", with: "CSeq: 7 ")
        + "Contact: <sip:moved@127.0.0.1:6001>\r\nContent-Length: 0\r\n\r\n",
      from: 6000
    )
    pair.world.run(0.1)
    pair.world.perform(.release(pair.conn))
    pair.world.run(0.1)
    #expect(moved.requests("BYE").map(\.uri) == ["sip:moved@127.0.0.1:6001"])
  }

  // MARK: Along

  @Test func requestsCarryWhatBelongsToThem() throws {
    var pair = try Self.talking()
    let leg = try #require(pair.agent.dialogs.first)
    pair.agent.send(
      "NOTIFY",
      leg,
      headers: "Event: talk\r\nSubscription-State: active\r\nX-Mark: 1\r\nP-Asserted-Identity: "
        + "<sip:me@x>\r\nContent-Disposition: render\r\n",
      body: "ring",
      at: pair.world.now
    )
    pair.world.run(0.1)
    let notify = try #require(pair.caller.requests("NOTIFY").first)
    #expect(notify["event"] == "talk")
    #expect(notify["subscription-state"] == "active")
    #expect(notify["x-mark"] == "1")
    #expect(notify["content-disposition"] == "render")
    #expect(notify["p-asserted-identity"] == "")
    #expect(notify["contact"].contains("8000@"))
    #expect(notify.body == "ring")
    #expect(pair.agent.received.last?.status == 200)
  }

  @Test func aRefusalSaysWhatItSaid() throws {
    var pair = try Self.talking()
    pair.agent.script = { request, phone in
      guard request.method == "INFO" else { return nil }
      let text = phone.response(469, to: request, tag: "x")
      let more = "Retry-After: 5\r\nWarning: 399 x \"y\"\r\nX-Secret: 1\r\nContent-Length"
      return [text.replacingOccurrences(of: "Content-Length", with: more)]
    }
    pair.caller.send("INFO", pair.dialog, body: "5", at: pair.world.now)
    pair.world.run(0.1)
    let refusal = try #require(pair.caller.received.last)
    #expect(refusal.status == 469)
    #expect(refusal["retry-after"] == "5")
    #expect(refusal["warning"] == "399 x \"y\"")
    #expect(refusal["x-secret"] == "")
  }

  @Test func theReasonOfABYEIsPassedOn() throws {
    var pair = try Self.talking()
    let leg = try #require(pair.agent.dialogs.first)
    leg.isEnded = true
    pair.agent.send("BYE", leg, headers: "Reason: Q.850;cause=16\r\n", at: pair.world.now)
    pair.world.run(0.1)
    #expect(pair.caller.requests("BYE").map { $0["reason"] } == ["Q.850;cause=16"])
  }
}
