import Engine
import Foundation
import SIPGlue
import Testing

@Suite("What crosses a bridge, and what does not")
struct PassedHeaderTests {
  /// The INVITE that a phone gets for a call with these headers.
  private static func passed(
    _ headers: String,
    plan: SIPPlan = PairWorld.plan()
  ) throws -> PairMessage {
    let pair = try PairBridge(.rings, callerHeaders: headers, plan: plan)
    let invites = pair.agent.requests("INVITE")
    return try #require(invites.first)
  }

  /// A plan in which a caller must show who he is, or a phone is not trusted.
  private static func plan(trusting ranges: [String]) -> SIPPlan {
    var plan = PairWorld.plan()
    plan.trusted = ranges.compactMap { AddressRange($0) }
    return plan
  }

  static let headers: [(line: String, passes: Bool)] = [
    ("X-Account: 4711", true), ("User-to-User: 00aa", true), ("Subject: hello", true),
    ("s: hello", true), ("Priority: urgent", true), ("Alert-Info: <x:y>", true),
    ("Accept-Contact: *;video", true), ("a: *;video", true), ("Privacy: id", true),
    ("Content-Disposition: session", true), ("P-Access-Network-Info: 3GPP", true),
    ("P-Asserted-Identity: <sip:1@x>", true), ("User-Agent: me", false), ("Date: now", false),
    ("Organization: x", false), ("Authorization: Digest x", false), ("Event: x", false),
    ("Server: x", false),
  ]

  @Test(arguments: headers)
  func theTableDecidesWithoutLists(header: (line: String, passes: Bool)) throws {
    let invite = try Self.passed(header.line + "\r\n")
    let parts = header.line.components(separatedBy: ": ")
    #expect(invite.all(parts[0].lowercased()) == (header.passes ? [parts[1]] : []))
  }

  @Test func theSitesListsDecideFirst() throws {
    var plan = PairWorld.plan()
    plan.headers = HeaderLists(
      pass: ["organization", "date", "p-early*"],
      strip: ["x-secret*", "s"]
    )
    let invite = try Self.passed(
      "Organization: us\r\nX-Secret-Name: 1\r\nX-Open: 2\r\ns: no\r\nDATE: now\r\n",
      plan: plan
    )
    #expect(invite["organization"] == "us")
    #expect(invite["x-open"] == "2")
    #expect(invite["date"] == "now")
    #expect(invite["x-secret-name"] == "")
    #expect(invite["s"] == "")
  }

  @Test(arguments: ["Via", "Contact", "call-id", "Content-Length", "l", "", "*", "RSeq"])
  func whatMakesUpADialogIsOnNoList(name: String) {
    #expect(!HeaderLists.isChoosable(name))
    #expect(HeaderLists.isChoosable("X-" + name))
  }

  @Test func aListThatTakesEverythingTakesNoDialog() throws {
    var plan = PairWorld.plan()
    plan.headers = HeaderLists(pass: ["c*", "v*", "r*", "m*"])
    let invite = try Self.passed("Call-Info: <x:y>\r\n", plan: plan)
    #expect(invite["call-info"] == "<x:y>")
    for name in ["via", "contact", "call-id", "cseq", "max-forwards", "content-length"] {
      #expect(invite.all(name).count == 1, "\(name)")
    }
  }

  @Test(arguments: ["short", "0123456789abcdefghijklmnopqrstuv", ""])
  func aCallUUIDThatIsNoneIsReplaced(said: String) throws {
    let invite = try Self.passed("X-Genesys-CallUUID: \(said)\r\n")
    let told = invite.all("x-genesys-calluuid")
    #expect(told.count == 1)
    #expect(told.first?.utf8.count == 32)
    #expect(told.first?.allSatisfy { $0.isNumber || ("A"..."V").contains($0) } == true)
  }

  @Test func aGoodCallUUIDPasses() throws {
    let uuid = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
    let invite = try Self.passed("x-genesys-CallUUID: \(uuid)\r\n")
    #expect(invite.all("x-genesys-calluuid") == [uuid])
  }

  // MARK: Trust

  @Test func identitiesGoToTrustedTargetsOnly() throws {
    // The phone at 127.0.0.1 is trusted with the caller, or not at all.
    let lines = "P-Asserted-Identity: <sip:boss@x>\r\nP-Preferred-Identity: <sip:boss@x>\r\n"
    #expect(try Self.passed(lines)["p-asserted-identity"] == "<sip:boss@x>")
    var plan = Self.plan(trusting: ["127.0.0.1"])
    plan.extensions[1] = RegistrarExtension("7002", contact: "sip:7002@127.0.0.2:7002")
    plan.headers = HeaderLists(pass: ["p-*", "x-*"])
    let invite = try Self.passed(lines + "X-Open: 1\r\nPrivacy: id\r\n", plan: plan)
    #expect(invite["p-asserted-identity"] == "")
    #expect(invite["p-preferred-identity"] == "")
    #expect(invite["x-open"] == "1")
    #expect(invite["from"].hasPrefix("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="))
  }

  @Test func privacyNoneIsNone() throws {
    var plan = Self.plan(trusting: ["127.0.0.1"])
    plan.extensions[1] = RegistrarExtension("7002", contact: "sip:7002@127.0.0.2:7002")
    let invite = try Self.passed("Privacy: none\r\n", plan: plan)
    #expect(invite["from"].contains("4420@demo.local"))
  }

  // MARK: Topology

  @Test func nothingOfOneSideIsSeenOnTheOther() throws {
    var pair = try PairBridge(
      .answers(after: 0.5),
      callerHeaders:
        "Record-Route: <sip:10.9.8.7;lr>\r\nVia: SIP/2.0/UDP 10.9.8.6;branch=z9hG4bKo\r\n"
    )
    let marker = "caller-secret"
    pair.caller.headers = ""
    pair.world.run(2)
    pair.caller.send("INFO", pair.dialog, headers: "X-A: 1\r\n", body: "5", at: pair.world.now)
    pair.world.run(1)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.agent.received.count == 4)
    for message in pair.agent.received {
      let all = message.headers.map(\.value).joined(separator: "\n")
      for secret in ["10.9.8.7", "10.9.8.6", ":6000", pair.dialog.callID, marker, "@test"] {
        #expect(!all.contains(secret), "\(message.startLine): \(secret)")
      }
      #expect(message.all("via").count == 1)
    }
    for message in pair.caller.received {
      let all = message.headers.map(\.value).joined(separator: "\n")
      #expect(!all.contains(":7002"), "\(message.startLine)")
    }
  }

  // MARK: Loops

  @Test func anINVITEOfOursThatComesBackIs482() throws {
    var pair = try PairBridge(.rings)
    let sent = try #require(pair.world.sent.last { $0.hasPrefix("INVITE") })
    let looped =
      sent.replacingOccurrences(of: "INVITE sip:7002@127.0.0.1:7002", with: "INVITE sip:8000@x")
      .replacingOccurrences(of: "127.0.0.1:5060;rport;branch=", with: "127.0.0.1:6500;branch=")
    pair.world.phones[6500] = PairPhone("proxy", port: 6500)
    pair.world.inject(looped, from: 6500)
    pair.world.run(0.1)
    let proxy = try #require(pair.world.phones[6500])
    #expect(proxy.received.map(\.status) == [482])
  }

  @Test(arguments: [1, 2, 70, 255])
  func maxForwardsCountsDown(hops: Int) throws {
    var world = try PairWorld()
    let agent = world.phone("7002", port: 7002)
    let text = SwitchTests.request("INVITE", extra: SwitchTests.contact)
      .replacingOccurrences(of: "Max-Forwards: 70", with: "Max-Forwards: \(hops)")
    world.inject(text, from: 6100)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(0.1)
    #expect(agent.requests("INVITE").first?["max-forwards"] == "\(hops - 1)")
  }

  // MARK: CallUUID

  @Test func theCallUUIDComesInAndGoesOut() throws {
    let own = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
    #expect(try Self.passed("X-Genesys-CallUUID: \(own)\r\n").all("x-genesys-calluuid") == [own])
    var world = try PairWorld()
    let agent = world.phone("7002", port: 7002)
    world.phone("4420", port: 6000).call("8000", at: 0)
    world.run(0.1)
    let offers = world.offers
    let offer = try #require(offers.first)
    world.perform(.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(0.1)
    let invite = try #require(agent.requests("INVITE").first)
    let made = invite["x-genesys-calluuid"]
    #expect(made.count == 32)
    #expect(made.allSatisfy { own.contains($0) })
    #expect(made != String(repeating: "0", count: 32))
    // The engine announces the call by the same name.
    #expect(try Self.passed("X-Genesys-CallUUID: \(made)\r\n")["x-genesys-calluuid"] == made)
    #expect(offer.uuid != nil)
  }

  // MARK: Losing legs

  @Test func aPhoneIsToldThatAnotherOneTookTheCall() throws {
    var pair = try PairBridge(.rings)
    let invite = try #require(pair.dialog.invite)
    pair.world.inject(
      "CANCEL \(invite.uri) SIP/2.0\r\nVia: \(invite["via"])\r\nMax-Forwards: 70\r\n"
        + "From: \(invite["from"])\r\nTo: \(invite["to"])\r\nCall-ID: \(invite.callID)\r\n"
        + "Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\"\r\n"
        + "CSeq: \(invite.sequence) CANCEL\r\nContent-Length: 0\r\n\r\n",
      from: 6000
    )
    pair.world.run(1)
    #expect(
      pair.agent.requests("CANCEL").map { $0["reason"] } == [
        "SIP;cause=200;text=\"Call completed elsewhere\""
      ]
    )
  }

  static let failures: [(statuses: [Int], rung: RouteFailure, silent: RouteFailure)] = [
    ([486, 600], .busy, .busy), ([408, 480, 487], .noAnswer, .unreachable),
    ([404, 410, 430, 481, 482, 483, 484, 485, 491, 604], .unreachable, .unreachable),
    ([500, 501, 502, 503, 504, 505, 513, 555, 580, 599], .unreachable, .unreachable),
    (
      [
        300, 302, 380, 400, 401, 402, 403, 405, 406, 407, 413, 414, 415, 416, 420, 421, 422, 423,
        433, 488, 493, 499, 603, 606, 607, 608, 699,
      ], .rejected, .rejected
    ),
  ]

  @Test(arguments: failures)
  func everyFinalStatusIsAReason(
    row: (statuses: [Int], rung: RouteFailure, silent: RouteFailure)
  ) throws {
    for status in row.statuses {
      var pair = try PairBridge(.refuses(status))
      pair.world.run(1)
      #expect(pair.world.story == ["failed \(row.silent)"], "\(status)")
      pair = try PairBridge(.ringsThenRefuses(status, after: 0.2))
      pair.world.run(1)
      #expect(pair.world.story == ["ringing", "failed \(row.rung)"], "\(status)")
    }
  }
}
