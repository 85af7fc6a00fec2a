import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Before the answer: early media, reliable answers, UPDATE")
struct EarlyDialogTests {
  /// A caller who takes reliable answers, and a phone that is played by hand.
  private struct Early: ~Copyable {
    var pair: PairBridge
    let invite: PairMessage

    init(offer: Bool = true, caller: String = "Supported: 100rel\r\n") throws {
      let pair = try PairBridge(.silent, offer: offer, callerHeaders: caller)
      let invites = pair.agent.requests("INVITE")
      invite = try #require(invites.first)
      self.pair = pair
    }

    /// What the phone says to the INVITE.
    mutating func answer(
      _ status: Int,
      tag: String = "one",
      reliable number: Int? = nil,
      body: String = ""
    ) {
      let extra = number.map { "Require: 100rel\r\nRSeq: \($0)\r\n" } ?? ""
      let text = pair.agent.response(status, to: invite, tag: tag, extra: extra, body: body)
      pair.world.inject(text, from: 7002)
      pair.world.run(0.1)
    }

    /// What the caller has heard last.
    var heard: PairMessage? { pair.caller.received.last }

    /// The caller's dialog, as his 18x has opened it.
    mutating func open() throws {
      let last = try #require(heard)
      pair.dialog.remote = last["to"]
      pair.dialog.target = PairMessage.address(last["contact"])
    }
  }

  @Test func earlyMediaIsPassedOn() throws {
    var early = try Early(caller: "")
    early.answer(183, body: "v=0 early")
    #expect(early.pair.dialog.statuses == [100, 183])
    #expect(early.heard?.body == "v=0 early")
    #expect(early.heard?["require"] == "")
    #expect(early.pair.world.story == ["ringing"])
  }

  @Test func aReliableAnswerIsAcknowledgedEndToEnd() throws {
    var early = try Early()
    #expect(early.invite["supported"].contains("100rel"))
    early.answer(183, reliable: 5_000, body: "v=0 answer")
    #expect(early.heard?["rseq"] == "5000")
    #expect(early.heard?["require"] == "100rel")
    #expect(early.heard?.body == "v=0 answer")
    try early.open()
    let number = try #require(early.pair.dialog.invite).sequence
    early.pair.caller.send(
      "PRACK",
      early.pair.dialog,
      headers: "RAck: 5000 \(number) INVITE\r\n",
      at: early.pair.world.now
    )
    early.pair.agent.script = { request, phone in
      request.method == "PRACK" ? [phone.response(200, to: request, tag: "one")] : nil
    }
    early.pair.world.run(0.1)
    let prack = try #require(early.pair.agent.requests("PRACK").first)
    #expect(prack["rack"] == "5000 \(early.invite.sequence) INVITE")
    #expect(prack.toTag == "one")
    #expect(prack.callID == early.invite.callID)
    #expect(early.heard?.status == 200)
    #expect(early.heard?.method == "PRACK")
    // The answer comes from the same phone: the dialog stays.
    let shown = early.pair.dialog.responses.last?.toTag
    early.answer(200)
    #expect(early.pair.dialog.responses.last?.toTag == shown)
    #expect(early.pair.world.story == ["ringing", "answered"])
    early.pair.agent.script = nil
    early.pair.caller.hangUp(early.pair.dialog, at: early.pair.world.now)
    early.pair.finish()
    #expect(early.pair.world.remains == "")
  }

  @Test(
    "What a caller can do is read however he writes it",
    arguments: [
      ("Supported: 100rel", true), ("k: 100rel", true), ("SUPPORTED: timer,\t100REL", true),
      ("Supported: timer\r\nSupported: 100rel", true), ("k: replaces\r\nsupported: 100rel", true),
      ("Supported:\r\nSupported: 100rel", true), ("Supported:\r\nk:\r\nSupported: 100rel", true),
      ("Supported: timer\r\nRequire: 100rel", true), ("Require: timer\r\nRequire: 100rel", true),
      ("Allow: 100rel\r\nSupported: timer", false), ("Supported: 100relx", false),
    ]
  )
  func abilities(lines: String, isReliable: Bool) throws {
    for more in ["", "Session-Expires: 1800\r\n", "Allow: UPDATE\r\nAllow: PRACK\r\n"] {
      var early = try Early(caller: lines + "\r\n" + more)
      #expect(early.invite["supported"].contains("100rel") == isReliable)
      early.pair.world.perform(.release(early.pair.conn))
      early.pair.finish()
    }
  }

  @Test(arguments: ["", "RAck: 7 99 INVITE\r\n", "RAck: x 1 INVITE\r\n", "RAck: 7 1 BYE\r\n"])
  func aPRACKOfNothingIsRefused(line: String) throws {
    var early = try Early()
    early.answer(183, reliable: 7, body: "v=0")
    try early.open()
    early.pair.caller.send("PRACK", early.pair.dialog, headers: line, at: early.pair.world.now)
    early.pair.world.run(0.1)
    #expect(early.heard?.status == 481)
    #expect(early.pair.agent.requests("PRACK").isEmpty)
  }

  @Test func aReliableAnswerForACallerWhoTakesNoneIsAcknowledgedByUs() throws {
    var early = try Early(caller: "")
    #expect(!early.invite["supported"].contains("100rel"))
    early.answer(183, reliable: 1, body: "v=0 answer")
    #expect(early.heard?.status == 183)
    #expect(early.heard?["rseq"] == "")
    #expect(early.pair.agent.requests("PRACK").map { $0["rack"] } == ["1 1 INVITE"])
    early.pair.world.perform(.release(early.pair.conn))
    early.pair.finish()
    #expect(early.pair.world.remains == "")
  }

  @Test func aCallerWhoRequiresReliableAnswersGetsNoOthers() throws {
    var early = try Early(caller: "Require: 100rel\r\n")
    #expect(early.invite["require"] == "100rel")
    early.answer(180)
    early.pair.world.perform(.queued(early.pair.conn, queue: "9000", position: 1))
    early.pair.world.run(1)
    #expect(early.pair.dialog.statuses == [100])
    early.answer(180, reliable: 3)
    #expect(early.pair.dialog.statuses == [100, 180])
  }

  @Test func anUPDATEPassesBothWaysBeforeTheAnswer() throws {
    var early = try Early()
    early.answer(183, reliable: 1, body: "v=0 answer")
    try early.open()
    early.pair.agent.script = { request, phone in
      request.method == "UPDATE"
        ? [phone.response(200, to: request, tag: "one", body: "v=0 again")] : nil
    }
    early.pair.caller.send("UPDATE", early.pair.dialog, body: "v=0 more", at: early.pair.world.now)
    early.pair.world.run(0.1)
    #expect(early.pair.agent.requests("UPDATE").map(\.body) == ["v=0 more"])
    #expect(early.heard?.status == 200)
    #expect(early.heard?.body == "v=0 again")
    // And from the phone to the caller.
    let leg = PairPhone.Dialog()
    leg.callID = early.invite.callID
    leg.local = early.invite["to"] + ";tag=one"
    leg.remote = early.invite["from"]
    leg.target = PairMessage.address(early.invite["contact"])
    early.pair.agent.dialogs.append(leg)
    early.pair.agent.send("UPDATE", leg, body: "v=0 target", at: early.pair.world.now)
    early.pair.world.run(0.1)
    #expect(early.pair.caller.requests("UPDATE").map(\.body) == ["v=0 target"])
    #expect(early.pair.agent.received.last?.status == 200)
    // The phone gives up: the caller's early dialog is over, the next phone gets a new one.
    let shown = early.heard?.toTag
    early.answer(486)
    #expect(early.pair.world.story == ["ringing", "failed busy"])
    let other = early.pair.world.phone("7003", port: 7003)
    early.pair.world.perform(
      .divert(early.pair.conn, attempt: 2, to: .dn("7003"), mode: .bridge)
    )
    early.pair.world.run(4)
    #expect(other.requests("INVITE").count == 1)
    #expect(early.pair.dialog.statuses.last == 200)
    #expect(early.pair.dialog.responses.last?.toTag != shown)
    early.pair.caller.hangUp(early.pair.dialog, at: early.pair.world.now)
    early.pair.finish()
    #expect(early.pair.world.remains == "")
  }

  @Test func aCallerMayHangUpInAnEarlyDialog() throws {
    for method in ["BYE", "CANCEL"] {
      var early = try Early()
      early.answer(183, reliable: 1, body: "v=0 answer")
      try early.open()
      if method == "BYE" {
        early.pair.caller.send("BYE", early.pair.dialog, at: early.pair.world.now)
      } else {
        early.pair.caller.cancel(early.pair.dialog, at: early.pair.world.now)
      }
      early.pair.world.run(0.1)
      #expect(early.pair.dialog.statuses.last == 487, "\(method)")
      #expect(early.pair.world.story == ["ringing", "released caller"])
      #expect(early.pair.agent.requests("CANCEL").count == 1)
      early.pair.finish()
      #expect(early.pair.world.remains == "")
    }
  }

  @Test func aSecondINVITEBeforeTheAnswerIsTooEarly() throws {
    var early = try Early()
    early.answer(183, reliable: 1, body: "v=0 answer")
    try early.open()
    let first = early.pair.dialog.invite
    early.pair.caller.send("INVITE", early.pair.dialog, body: "v=0", at: early.pair.world.now)
    early.pair.dialog.invite = first
    early.pair.world.run(0.1)
    let refusal = try #require(early.pair.caller.received.last { $0.status == 500 })
    #expect((0...10).contains(Int(refusal["retry-after"]) ?? -1))
  }

  // MARK: Forks

  @Test func ofSeveralPhonesTheFirstIsHeardAndTheWinnerIsANewDialog() throws {
    var early = try Early()
    early.answer(183, tag: "one", body: "v=0 one")
    #expect(early.heard?.body == "v=0 one")
    let shown = early.heard?.toTag
    early.answer(183, tag: "two", body: "v=0 two")
    #expect(early.heard?.body == "")
    #expect(early.heard?.toTag == shown)
    // A reliable one of the second phone is not the caller's.
    early.answer(183, tag: "two", reliable: 9, body: "v=0 two")
    let prack = try #require(early.pair.agent.requests("PRACK").last)
    #expect(prack.toTag == "two")
    #expect(prack["rack"] == "9 \(early.invite.sequence) INVITE")
    early.answer(200, tag: "two", body: "v=0 two")
    #expect(early.heard?.status == 200)
    #expect(early.heard?.body == "v=0 two")
    #expect(early.heard?.toTag != shown)
    #expect(early.pair.world.story == ["ringing", "answered"])
    // The first one was only slower.
    early.answer(200, tag: "one", body: "v=0 one")
    let bye = try #require(early.pair.agent.requests("BYE").last)
    #expect(bye.toTag == "one")
    #expect(bye["reason"] == "SIP;cause=200;text=\"Call completed elsewhere\"")
    early.pair.world.perform(.release(early.pair.conn))
    early.pair.finish()
    #expect(early.pair.world.remains == "")
  }
}
