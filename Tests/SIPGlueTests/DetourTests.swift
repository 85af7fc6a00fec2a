import Engine
import Foundation
import SIPGlue
import Testing

@Suite("A target that answers 3xx")
struct DetourTests {
  private static func plan(_ limit: Int = 5) -> SIPPlan {
    var plan = PairWorld.plan()
    plan.redirectsMax = limit
    return plan
  }

  /// A phone that sends every call on.
  private static func sends(_ contacts: String, status: Int = 302)
    -> (PairMessage, PairPhone) -> [String]?
  {
    { request, phone in
      guard request.method == "INVITE" else { return nil }
      let text = phone.response(status, to: request, tag: "x")
      return [text.replacingOccurrences(of: "Content-Length", with: contacts + "Content-Length")]
    }
  }

  /// A call to 7002, which sends it on.
  private static func sentOn(
    _ contacts: String,
    status: Int = 302,
    plan: SIPPlan = DetourTests.plan(),
    _ prepare: (inout PairWorld) -> Void = { _ in }
  ) throws -> PairBridge {
    var pair = try PairBridge(.silent, diverts: false, plan: plan)
    pair.agent.script = Self.sends(contacts, status: status)
    prepare(&pair.world)
    pair.world.perform(.divert(pair.conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    return pair
  }

  @Test(arguments: [300, 301, 302, 305])
  func theCallGoesWhereItIsSent(status: Int) throws {
    var pair = try Self.sentOn("Contact: <sip:else@127.0.0.1:7005>\r\n", status: status) {
      _ = $0.phone("else", port: 7005)
    }
    pair.world.run(4)
    let other = try #require(pair.world.phones[7005])
    let invite = try #require(other.requests("INVITE").first)
    #expect(invite.uri == "sip:else@127.0.0.1:7005")
    #expect(invite.body == pair.caller.sdp)
    #expect(pair.world.story == ["ringing", "answered"])
    #expect(pair.world.line.counters.detours == 1)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aSiteThatDoesNotFollowTakesItAsARefusal() throws {
    var pair = try Self.sentOn("Contact: <sip:else@127.0.0.1:7005>\r\n", plan: Self.plan(0))
    pair.world.run(1)
    #expect(pair.world.story == ["failed rejected"])
  }

  @Test func theBestContactIsFirstAndTheNextFollowsWhenItIsBusy() throws {
    var pair = try Self.sentOn(
      "Contact: <sip:b@127.0.0.1:7006>;q=0.5, <sip:a@127.0.0.1:7005>;q=0.9\r\n"
        + "Contact: <sip:c@127.0.0.1:7007;x=1?Subject=no>;q=0.05\r\n"
    ) {
      for (name, port) in [("a", 7005), ("b", 7006)] {
        $0.phone(name, port: UInt16(port)).behaviour = .refuses(486)
      }
      _ = $0.phone("c", port: 7007)
    }
    pair.world.run(4)
    let calls = pair.world.sent.compactMap { PairMessage($0) }.filter { $0.method == "INVITE" }
      .filter(\.isRequest).map(\.uri)
    #expect(
      calls == [
        "sip:7002@127.0.0.1:7002", "sip:a@127.0.0.1:7005", "sip:b@127.0.0.1:7006",
        "sip:c@127.0.0.1:7007;x=1",
      ]
    )
    #expect(pair.world.story == ["ringing", "answered"])
  }

  @Test func whoDeclinesDeclinesForAll() throws {
    var pair = try Self.sentOn(
      "Contact: <sip:a@127.0.0.1:7005>, <sip:b@127.0.0.1:7006>\r\n"
    ) {
      $0.phone("a", port: 7005).behaviour = .refuses(603)
      _ = $0.phone("b", port: 7006)
    }
    pair.world.run(4)
    #expect(pair.world.story == ["failed rejected"])
    #expect(pair.world.phones[7006]?.received.isEmpty == true)
  }

  @Test func aDomainThatIsAnAddressHasOtherPorts() throws {
    var plan = Self.plan()
    plan.domain = "127.0.0.1"
    var pair = try Self.sentOn("Contact: <sip:else@127.0.0.1:7005>\r\n", plan: plan) {
      _ = $0.phone("else", port: 7005)
    }
    pair.world.run(4)
    #expect(pair.world.story == ["ringing", "answered"])
  }

  @Test func aCircleIsLeft() throws {
    var pair = try Self.sentOn("Contact: <sip:a@127.0.0.1:7005>\r\n") {
      $0.phone("a", port: 7005).script = Self.sends(
        "Contact: <sip:7002@127.0.0.1:7002>, <sip:a@127.0.0.1:7005>\r\n"
      )
    }
    pair.world.run(4)
    #expect(pair.world.story == ["failed unreachable"])
    #expect(pair.world.line.counters.detours == 1)
    pair.world.perform(.reject(pair.conn, status: 480))
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func notMoreThanTheLimitAreFollowed() throws {
    var pair = try Self.sentOn("Contact: <sip:p0@127.0.0.1:7010>\r\n", plan: Self.plan(3)) {
      for index in 0..<9 {
        $0.phone("p\(index)", port: UInt16(7010 + index)).script = Self.sends(
          "Contact: <sip:p\(index + 1)@127.0.0.1:\(7011 + index)>\r\n"
        )
      }
    }
    pair.world.run(4)
    #expect(pair.world.story == ["failed rejected"])
    #expect(pair.world.line.counters.detours == 3)
  }

  @Test(arguments: [
    ("<sip:7003@127.0.0.1:5060>", "answered"), ("<sip:7003@demo.local>", "answered"),
    ("<sip:7003@DEMO.local;transport=udp>", "answered"), ("<sip:8000@demo.local>", "failed"),
    ("<sip:7009@127.0.0.1>", "failed"), ("<sip:a@elsewhere.example.com>", "failed"),
    ("<tel:+1>", "failed"), ("*", "failed"), ("", "failed"), ("<", "failed"),
  ])
  func anAddressOfOursIsOneOfOurExtensions(contact: String, outcome: String) throws {
    var pair = try Self.sentOn("Contact: \(contact)\r\n") { _ = $0.phone("7003", port: 7003) }
    pair.world.run(4)
    #expect(pair.world.story.last?.hasPrefix(outcome) == true)
    #expect(pair.world.offers.isEmpty)
    pair.world.perform(.release(pair.conn))
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aDetourEndsWithItsAttempt() throws {
    var pair = try Self.sentOn(
      "Contact: <sip:a@127.0.0.1:7005>, <sip:b@127.0.0.1:7006>\r\n"
    ) {
      $0.phone("a", port: 7005).behaviour = .rings
      _ = $0.phone("b", port: 7006)
    }
    pair.world.run(1)
    #expect(pair.world.story == ["ringing"])
    pair.world.perform(.cancelDiversion(pair.conn, attempt: 1, .noAnswer))
    pair.world.run(4)
    #expect(pair.world.phones[7006]?.received.isEmpty == true)
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
  }
}
