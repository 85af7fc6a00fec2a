import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Session timers (RFC 4028)")
struct SessionTimerTests {
  private static func plan(_ interval: UInt32 = 1_800) -> SIPPlan {
    var plan = PairWorld.plan()
    plan.session.interval = interval
    plan.limits.probeInterval = .zero
    return plan
  }

  private static func talking(
    caller: String = "",
    phone: String = "",
    plan: SIPPlan = SessionTimerTests.plan()
  ) throws -> PairBridge {
    var pair = try PairBridge(.silent, callerHeaders: caller, plan: plan)
    let invite = try #require(pair.agent.requests("INVITE").first)
    // The same phone, that answers now.
    pair.agent.headers = phone
    pair.agent.behaviour = .answers(after: 0.1)
    pair.world.perform(.cancelDiversion(pair.conn, attempt: 1, .noAnswer))
    pair.world.inject(pair.agent.response(487, to: invite, tag: "x"), from: 7002)
    pair.world.run(0.1)
    pair.world.perform(.divert(pair.conn, attempt: 2, to: .dn("7002"), mode: .bridge))
    pair.world.run(2)
    pair.world.signals = []
    return pair
  }

  @Test func withoutTheExtensionThereIsNoTimer() throws {
    var pair = try Self.talking()
    let invite = try #require(pair.agent.requests("INVITE").last)
    #expect(invite["supported"] == "replaces, timer")
    #expect(invite["session-expires"] == "1800")
    #expect(pair.dialog.responses.last?["session-expires"] == "")
    pair.world.run(4_000)
    #expect(pair.world.story == [])
    #expect(pair.agent.requests("UPDATE").isEmpty && pair.caller.requests("UPDATE").isEmpty)
  }

  @Test func aSiteMayHaveNone() throws {
    let pair = try Self.talking(
      caller: "Supported: timer\r\nSession-Expires: 100\r\n",
      plan: Self.plan(0)
    )
    let invite = try #require(pair.agent.requests("INVITE").last)
    #expect(invite["supported"] == "replaces")
    #expect(invite["session-expires"] == "")
    #expect(pair.dialog.responses.last?["session-expires"] == "")
  }

  static let requests: [(headers: String, granted: String, require: String)] = [
    ("Session-Expires: 600\r\n", "600;refresher=uac", "timer"),
    ("Session-Expires: 600;refresher=uas\r\n", "600;refresher=uas", ""),
    ("x: 600 ;refresher=uac\r\n", "600;refresher=uac", "timer"),
    ("Session-Expires: 7200\r\n", "1800;refresher=uac", "timer"),
    ("Session-Expires: 7200\r\nMin-SE: 3600\r\n", "3600;refresher=uac", "timer"),
    ("", "1800;refresher=uac", "timer"),
  ]

  @Test(arguments: requests)
  func aCallerGetsWhatHeAsksFor(
    request: (headers: String, granted: String, require: String)
  ) throws {
    let pair = try Self.talking(caller: "Supported: timer\r\n" + request.headers)
    let answer = try #require(pair.dialog.responses.last)
    #expect(answer["session-expires"] == request.granted)
    #expect(answer["require"] == request.require)
  }

  @Test func whatIsTooBriefIs422() throws {
    for (headers, status) in [
      ("Supported: timer\r\nSession-Expires: 60\r\n", 422),
      // Who does not know timers cannot be refused for them.
      ("Session-Expires: 60\r\n", 100),
    ] {
      var world = try PairWorld()
      let caller = world.phone("4420", port: 6000)
      let dialog = caller.call("8000", headers: headers, at: 0)
      world.run(0.1)
      #expect(dialog.statuses.last == status)
      #expect(dialog.responses.last?["min-se"] == (status == 422 ? "90" : ""))
    }
  }

  @Test func aPhoneThatWantsMoreGetsASecondINVITE() throws {
    var pair = try PairBridge(.silent, plan: Self.plan(100))
    let first = try #require(pair.agent.requests("INVITE").first)
    #expect(first["session-expires"] == "100")
    pair.world.inject(
      pair.agent.response(422, to: first, tag: "x")
        .replacingOccurrences(of: "Content-Length", with: "Min-SE: 240\r\nContent-Length"),
      from: 7002
    )
    pair.agent.behaviour = .answers(after: 0.2)
    pair.world.run(0.1)
    let second = try #require(pair.agent.requests("INVITE").last)
    #expect(second["session-expires"] == "240")
    #expect(second["min-se"] == "240")
    #expect(second.callID == first.callID)
    #expect(second.fromTag == first.fromTag)
    #expect(second.sequence == first.sequence + 1)
    #expect(second.body == first.body)
    #expect(second["diversion"] == first["diversion"])
    pair.world.run(1)
    #expect(pair.world.story == ["ringing", "answered"])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aPhoneThatAlwaysWantsMoreIsGivenUp() throws {
    var pair = try PairBridge(.silent, plan: Self.plan(100))
    pair.agent.script = { request, phone in
      guard request.method == "INVITE" else { return nil }
      let least = (Int(request["min-se"]) ?? 100) + 100
      return [
        phone.response(422, to: request, tag: "x")
          .replacingOccurrences(of: "Content-Length", with: "Min-SE: \(least)\r\nContent-Length")
      ]
    }
    pair.world.run(60)
    #expect(pair.world.story == ["failed rejected"])
    #expect(Set(pair.agent.requests("INVITE").map(\.sequence)).count <= 4)
  }

  @Test func aSessionThatTheCallerDoesNotRefreshEnds() throws {
    var pair = try Self.talking(caller: "Supported: timer\r\nSession-Expires: 90\r\n")
    pair.world.run(55)
    #expect(pair.world.story == [])
    pair.world.run(6)
    #expect(pair.world.story == ["released line"])
    for phone in [pair.caller, pair.agent] {
      #expect(
        phone.requests("BYE").map { $0["reason"] } == ["SIP;cause=408;text=\"Session expired\""]
      )
    }
    #expect(pair.world.line.counters.expiredSessions == 1)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test(arguments: ["UPDATE", "INVITE"])
  func aRefreshOfTheCallerKeepsTheSession(method: String) throws {
    var pair = try Self.talking(caller: "Supported: timer\r\nSession-Expires: 90\r\n")
    for _ in 0..<5 {
      pair.world.run(45)
      let body = method == "INVITE" ? pair.caller.sdp : nil
      pair.caller.send(method, pair.dialog, body: body, at: pair.world.now)
      pair.world.run(0.2)
      let answer = try #require(pair.caller.received.last { $0.status == 200 })
      #expect(answer["session-expires"] == "90;refresher=uac")
    }
    #expect(pair.world.story == [])
    pair.world.run(70)
    #expect(pair.world.story == ["released line"])
  }

  @Test func whereItIsOursWeRefreshByUPDATE() throws {
    var pair = try Self.talking(
      phone: "Session-Expires: 100;refresher=uac\r\nRequire: timer\r\nAllow: INVITE, UPDATE\r\n"
    )
    pair.agent.script = { request, phone in
      request.method == "UPDATE" ? [phone.response(200, to: request, tag: "x")] : nil
    }
    pair.world.run(160)
    #expect(pair.agent.requests("UPDATE").count == 3)
    let update = try #require(pair.agent.requests("UPDATE").last)
    #expect(update["session-expires"] == "100;refresher=uac")
    #expect(update.body == "")
    #expect(pair.caller.requests("UPDATE").isEmpty)
    #expect(pair.world.story == [])
    // From now on it does not answer any more: the dialog is over.
    pair.agent.script = { request, _ in request.method == "UPDATE" ? [] : nil }
    pair.world.run(90)
    #expect(pair.world.story == ["released line"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test(
    "Whoever names UPDATE in Allow is refreshed by it, and nobody else",
    arguments: [
      ("INVITE, UPDATE", true), ("UPDATE", true), ("UPDATE,INVITE", true),
      ("INVITE ,UPDATE ", true), ("INVITE,\tUPDATE , BYE", true), ("INVITE, UPDATED, UPDATE", true),
      ("INVITE, UPDATED", false), ("X-UPDATE, INVITE", false), ("INVITE, update", false),
      ("UPDAT", false), ("", false), ("U, UP, UPDATEUPDATE", false),
    ]
  )
  func whoTakesUPDATE(allow: String, takesIt: Bool) throws {
    var pair = try Self.talking(
      phone: "Session-Expires: 100;refresher=uac\r\nRequire: timer\r\nAllow: \(allow)\r\n"
    )
    let before = pair.agent.requests("INVITE").count
    pair.agent.script = { request, phone in
      request.method == "UPDATE" ? [phone.response(200, to: request, tag: "x")] : nil
    }
    pair.world.run(60)
    #expect(pair.agent.requests("UPDATE").count == (takesIt ? 1 : 0))
    #expect(pair.agent.requests("INVITE").count - before == (takesIt ? 0 : 1))
  }

  @Test func withoutUPDATEWeRefreshByTheSameDescription() throws {
    var pair = try Self.talking(
      caller: "Supported: timer\r\nSession-Expires: 100;refresher=uas\r\n"
    )
    #expect(pair.dialog.responses.last?["session-expires"] == "100;refresher=uas")
    // In a refresh of ours he is the server, and leaves it to the client.
    pair.caller.headers = "Session-Expires: 100;refresher=uac\r\n"
    let before = pair.agent.requests("INVITE").count
    pair.world.run(51)
    #expect(pair.caller.requests("INVITE").map(\.body) == [pair.agent.sdp])
    #expect(pair.agent.requests("INVITE").count == before)
    // What is new on one side is repeated from then on.
    let leg = try #require(pair.agent.dialogs.last)
    pair.agent.send("INVITE", leg, body: "v=0 new", at: pair.world.now)
    pair.world.run(1)
    pair.world.run(101)
    #expect(pair.caller.requests("INVITE").map(\.body).suffix(2) == ["v=0 new", "v=0 new"])
    #expect(pair.world.story == [])
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aRefreshThatCrossesAnOfferIsTriedAgain() throws {
    var pair = try Self.talking(
      phone: "Session-Expires: 100;refresher=uac\r\nAllow: INVITE, UPDATE\r\n"
    )
    var refusals = 2
    pair.agent.script = { request, phone in
      guard request.method == "UPDATE" else { return nil }
      refusals -= 1
      return [phone.response(refusals < 0 ? 200 : 491, to: request, tag: "x")]
    }
    pair.world.run(60)
    #expect(pair.agent.requests("UPDATE").count == 3)
    #expect(pair.world.story == [])
  }

  @Test func sessionsOutliveTheProcess() throws {
    var pair = try PairBridge(
      .answers(after: 0.1),
      keeps: true,
      callerHeaders: "Supported: timer\r\nSession-Expires: 90\r\n",
      plan: Self.plan()
    )
    pair.world.run(2)
    pair.world.run(40)
    _ = pair.world.keep()
    pair.world.crash()
    pair.world.run(50)
    #expect(!pair.world.story.contains("released line"))
    pair.world.run(15)
    #expect(pair.world.story.contains("released line"))
  }
}
