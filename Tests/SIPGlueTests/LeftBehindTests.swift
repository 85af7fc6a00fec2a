import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Nothing is left behind, and strangers are not given much")
struct LeftBehindTests {
  @Test func aReplyThatDoesNotFitEndsItsTransactionAllTheSame() throws {
    var world = try PairWorld()
    // The request fits into a datagram, the reply with its further headers does not.
    let route = "Record-Route: <sip:127.0.0.1;x=" + String(repeating: "r", count: 65_180) + ">\r\n"
    for (index, method) in ["OPTIONS", "INVITE", "SUBSCRIBE"].enumerated() {
      world.inject(
        SwitchTests.request(method, extra: route, branch: "z9hG4bK\(index)"),
        from: 6100
      )
    }
    world.run(140)
    #expect(world.remains == "")
    // The same by way of Via, which every reply repeats.
    let via = "Via: SIP/2.0/UDP 127.0.0.1;x=" + String(repeating: "v", count: 65_050) + "\r\n"
    for (index, method) in ["OPTIONS", "INVITE", "SUBSCRIBE"].enumerated() {
      world.inject(SwitchTests.request(method, extra: via, branch: "z9hG4bKb\(index)"), from: 6100)
    }
    world.run(140)
    #expect(world.remains == "")
  }

  @Test func aSuccessThatDoesNotFitEndsTheCall() throws {
    var world = try PairWorld()
    let phone = world.phone("7002", port: 7002)
    phone.behaviour = .rings
    let route = "Record-Route: <sip:127.0.0.1;x=" + String(repeating: "r", count: 64_000) + ">\r\n"
    let caller = world.phone("4420", port: 6000)
    caller.call("8000", headers: route, at: 0)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(0.5)
    let leg = try #require(phone.dialogs.first?.invite)
    let body = String(repeating: "a", count: 2_000)
    world.inject(
      "SIP/2.0 200 OK\r\nVia: \(leg["via"])\r\nFrom: \(leg["from"])\r\nTo: \(leg["to"]);tag=p\r\n"
        + "Call-ID: \(leg.callID)\r\nCSeq: 1 INVITE\r\nContact: <sip:7002@127.0.0.1:7002>\r\n"
        + "Content-Type: application/sdp\r\nContent-Length: 2000\r\n\r\n\(body)",
      from: 7002
    )
    world.run(200)
    #expect(world.releases(of: conn) == 1)
    #expect(world.remains == "")
  }

  @Test(arguments: [("4420", 403), ("7001", 407)])
  func strangersGetOneReplyAndNoMemory(number: String, status: Int) throws {
    var plan = PairWorld.plan()
    plan.trusted = []
    var world = try PairWorld(plan: plan)
    let text = SwitchTests.request("INVITE", extra: SwitchTests.contact)
      .replacingOccurrences(of: "sip:4420@test", with: "sip:\(number)@test")
    let before = world.sent.count
    world.inject(text, from: 6100)
    world.run(40)
    // RFC 3261 26.3.2.4: nobody can make us repeat replies to an address that is not his.
    let statuses = world.sent.dropFirst(before).compactMap { PairMessage($0)?.status }
    #expect(statuses == [status])
    // A retransmission is answered alike (8.2.7).
    world.inject(text, from: 6100)
    world.run(1)
    let tags = world.sent.dropFirst(before).compactMap { PairMessage($0)?.toTag }
    #expect(tags.count == 2 && Set(tags).count == 1 && tags.first?.isEmpty == false)
    #expect(world.remains == "")
  }

  @Test func aTargetCannotSendBYEBeforeItHasAnswered() throws {
    var pair = try PairBridge(.rings)
    let leg = try #require(pair.agent.dialogs.first?.invite)
    for tag in ["", ";tag=x"] {
      pair.world.inject(
        "BYE sip:8000@127.0.0.1 SIP/2.0\r\n"
          + "Via: SIP/2.0/UDP 127.0.0.1:7002;branch=z9hG4bKearly\(tag.count)\r\n"
          + "Max-Forwards: 70\r\nFrom: <sip:7002@127.0.0.1>\(tag)\r\nTo: \(leg["from"])\r\n"
          + "Call-ID: \(leg.callID)\r\nCSeq: 9 BYE\r\nContent-Length: 0\r\n\r\n",
        from: 7002
      )
      pair.world.run(0.1)
    }
    #expect(pair.world.story == ["ringing"])
    #expect(pair.agent.received.suffix(2).allSatisfy { (400...499).contains($0.status) })
    pair.world.perform(.release(pair.conn))
    pair.finish()
    #expect(pair.agent.requests("CANCEL").count == 1)
    #expect(pair.world.remains == "")
  }

  @Test func aTargetMayNumberItsRequestsFromZero() throws {
    var pair = try PairBridge(.answers(after: 0.1))
    pair.world.run(2)
    let leg = try #require(pair.agent.dialogs.first)
    leg.sequence = -1
    pair.agent.hangUp(leg, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.world.story == ["ringing", "answered", "released target"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aCANCELSaysWhy() throws {
    let reasons: [(RouteFailure, String)] = [
      (.noAnswer, "SIP;cause=480;text=\"No answer\""),
      (.timeout, "SIP;cause=480;text=\"No answer\""),
      (.cancelled, "SIP;cause=487;text=\"Call taken back\""),
    ]
    for (failure, text) in reasons {
      var pair = try PairBridge(.rings)
      pair.world.perform(.cancelDiversion(pair.conn, attempt: 1, failure))
      pair.world.run(1)
      #expect(pair.agent.requests("CANCEL").map { $0["reason"] } == [text])
    }
    var pair = try PairBridge(.rings)
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(
      pair.agent.requests("CANCEL").map { $0["reason"] } == [
        "SIP;cause=487;text=\"Caller hung up\""
      ]
    )
  }

  @Test func aCANCELThatMustWaitForAProvisionalStillSaysWhy() throws {
    var pair = try PairBridge(.silent)
    pair.world.perform(.cancelDiversion(pair.conn, attempt: 1, .noAnswer))
    pair.world.run(0.1)
    #expect(pair.agent.requests("CANCEL").isEmpty)
    let leg = try #require(pair.agent.requests("INVITE").first)
    pair.world.inject(
      "SIP/2.0 100 Trying\r\nVia: \(leg["via"])\r\nFrom: \(leg["from"])\r\nTo: \(leg["to"])\r\n"
        + "Call-ID: \(leg.callID)\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
      from: 7002
    )
    pair.world.run(0.1)
    #expect(pair.agent.requests("CANCEL").first?["reason"] == "SIP;cause=480;text=\"No answer\"")
  }

  @Test(arguments: [
    ": nameless", " : folded", "\t:\r\n :", "X-A: 1\r\n : folded", "X-A:\r\n\t: x", ":",
    "x: 1", "s:", "History-Info: ,,,", "History-Info: <", "Diversion: \"\\", "Record-Route: \"\\",
    "History-Info: <sip:a@b>;index=", "p: 1", "X-: 1", "u: ",
  ])
  func curiousHeaderLinesStopNothing(line: String) throws {
    for mode in [DivertMode.bridge, .redirect] {
      var world = try PairWorld()
      let phone = world.phone("7002", port: 7002)
      phone.behaviour = .refuses(486)
      world.inject(
        SwitchTests.request("INVITE", extra: SwitchTests.contact + line + "\r\n"),
        from: 6100
      )
      world.run(0.1)
      if let conn = world.offers.first?.connID {
        world.perform(.readHeader(conn, "x-a"))
        world.perform(.readHeader(conn, ""))
        world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: mode))
        world.run(1)
        world.perform(.release(conn))
      }
      world.run(140)
      #expect(world.remains == "")
    }
  }

  @Test func aRenegotiationThatNobodyAnswersEndsWithTheCall() throws {
    var pair = try PairBridge(.answers(after: 0.1))
    pair.world.run(2)
    pair.agent.behaviour = .silent
    pair.agent.statusOfReinvite = 100
    pair.caller.send("INVITE", pair.dialog, body: pair.caller.sdp, at: pair.world.now)
    pair.world.run(1)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.releases(of: pair.conn) == 1)
    #expect(pair.world.remains == "")
  }
}
