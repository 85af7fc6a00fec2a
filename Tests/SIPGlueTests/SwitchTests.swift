import Engine
import Foundation
import SIPGlue
import Testing

@Suite("What the switch answers")
struct SwitchTests {
  /// Sends one request as text; the last reply to it.
  static func ask(
    _ request: String,
    of world: inout PairWorld,
    from port: UInt16 = 6100
  ) -> PairMessage? {
    let before = world.sent.count
    world.inject(request, from: port)
    world.run(0.05)
    return world.sent.dropFirst(before).last.flatMap { PairMessage($0) }
  }

  static func request(
    _ method: String,
    _ uri: String = "sip:8000@127.0.0.1",
    to: String = "<sip:8000@127.0.0.1>",
    extra: String = "",
    branch: String = "z9hG4bKone",
    body: String = ""
  ) -> String {
    "\(method) \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6100;branch=\(branch)\r\n"
      + "Max-Forwards: 70\r\nFrom: <sip:4420@test>;tag=a\r\nTo: \(to)\r\nCall-ID: call@test\r\n"
      + "CSeq: 1 \(method)\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  static let contact = "Contact: <sip:4420@127.0.0.1:6100>\r\n"

  @Test(arguments: [
    ("INVITE", "sip:7777@127.0.0.1", contact, 404),
    ("INVITE", "http://x", contact, 416),
    ("INVITE", "sip:8000@127.0.0.1", contact + "Require: nothing-known\r\n", 420),
    ("INVITE", "sip:8000@127.0.0.1", contact + "Proxy-Require: x\r\n", 420),
    ("INVITE", "sip:8000@127.0.0.1", "", 400),
    ("INVITE", "sip:8000@127.0.0.1", contact + "Diversion: <sip:1@a>;counter=99\r\n", 482),
    ("BYE", "sip:8000@127.0.0.1", "", 481), ("CANCEL", "sip:8000@127.0.0.1", "", 481),
    ("OPTIONS", "sip:127.0.0.1", "", 200), ("PUBLISH", "sip:8000@127.0.0.1", "", 405),
    ("SUBSCRIBE", "sip:8000@127.0.0.1", "", 404),
    ("NONSENSE", "sip:8000@127.0.0.1", "", 501),
    ("REGISTER", "sip:demo.local", "Contact: <sip:8000@127.0.0.1:6100>\r\n", 404),
  ])
  func requestsThatOpenNothing(method: String, uri: String, extra: String, status: Int) throws {
    var world = try PairWorld()
    let answer = Self.ask(Self.request(method, uri, extra: extra), of: &world)
    #expect(answer?.status == status)
    #expect(answer?.toTag.isEmpty == false)
    if status == 405 || status == 501 || status == 200 {
      #expect(answer?["allow"].contains("INVITE") == true)
    }
    #expect(world.offers.isEmpty)
    world.run(140)
    #expect(world.remains == "")
  }

  @Test func aCallToAnExtensionIsOfferedAtItsDN() throws {
    var world = try PairWorld()
    _ = Self.ask(Self.request("INVITE", "sip:7002@127.0.0.1", extra: Self.contact), of: &world)
    #expect(world.offers.map(\.dn) == ["7002"])
  }

  @Test func noHopsLeftIs483() throws {
    var world = try PairWorld()
    let text = Self.request("INVITE", extra: Self.contact)
      .replacingOccurrences(of: "Max-Forwards: 70", with: "Max-Forwards: 0")
    #expect(Self.ask(text, of: &world)?.status == 483)
  }

  @Test func aBodyThatIsNoSessionDescriptionIs415() throws {
    var world = try PairWorld()
    let text = Self.request(
      "INVITE",
      extra: Self.contact + "Content-Type: text/plain\r\n",
      body: "hello"
    )
    let answer = Self.ask(text, of: &world)
    #expect(answer?.status == 415)
    #expect(answer?["accept"] == "application/sdp")
  }

  @Test func unknownDialogsAre481AndStrayACKsAreSilent() throws {
    var world = try PairWorld()
    for method in ["BYE", "INVITE", "INFO", "OPTIONS"] {
      let text = Self.request(
        method,
        to: "<sip:8000@127.0.0.1>;tag=0123456789abcdef",
        branch: "z9hG4bK\(method)"
      )
      #expect(Self.ask(text, of: &world)?.status == 481)
    }
    #expect(Self.ask(Self.request("ACK", branch: "z9hG4bKack"), of: &world) == nil)
    let stray = Self.request("INVITE", branch: "z9hG4bK0123456789abcdef")
      .replacingOccurrences(
        of: "INVITE sip:8000@127.0.0.1 SIP/2.0",
        with: "SIP/2.0 200 OK"
      )
    #expect(Self.ask(stray, of: &world) == nil)
    let unmatched = world.line.counters.unmatched
    #expect(unmatched == 2)
  }

  @Test func aRetransmittedINVITEIsOneCallAndAMergedOneIs482() throws {
    var world = try PairWorld()
    let invite = Self.request("INVITE", extra: Self.contact)
    #expect(Self.ask(invite, of: &world)?.status == 100)
    #expect(Self.ask(invite, of: &world)?.status == 100)
    let merged = Self.request("INVITE", extra: Self.contact, branch: "z9hG4bKtwo")
    #expect(Self.ask(merged, of: &world)?.status == 482)
    #expect(world.offers.count == 1)
  }

  @Test func aProxyThatGoesOnToAnotherNumberOfOursIsServed() throws {
    var world = try PairWorld()
    _ = Self.ask(Self.request("INVITE", extra: Self.contact), of: &world)
    let other = "sip:7002@127.0.0.1"
    let second = Self.request("INVITE", other, extra: Self.contact, branch: "z9hG4bK2")
    #expect(Self.ask(second, of: &world)?.status == 482)
    let call = try #require(world.offers.first)
    world.perform(.reject(call.connID, status: 480))
    // The proxy's next try is the same request, but for branch and number.
    let third = Self.request("INVITE", other, extra: Self.contact, branch: "z9hG4bK3")
    #expect(Self.ask(third, of: &world)?.status == 100)
    #expect(world.offers.map(\.dn) == ["8000", "7002"])
  }

  @Test func aDrainingSwitchTakesNoCalls() throws {
    var world = try PairWorld()
    world.line.isDraining = true
    let answer = Self.ask(Self.request("INVITE", extra: Self.contact), of: &world)
    #expect(answer?.status == 503)
    #expect(answer?["retry-after"] == "5")
    #expect(world.offers.isEmpty)
  }

  @Test func theNumbersOfTheCallReachTheEngine() throws {
    var world = try PairWorld()
    _ = Self.ask(
      Self.request(
        "INVITE",
        "tel:8000",
        to: "<sip:0800123@127.0.0.1>",
        extra: Self.contact + "P-Asserted-Identity: \"A, B\" <sip:+4420777@x>, <tel:+1>\r\n"
          + "X-Genesys-CallUUID: 00000000000100000000000200000003\r\nSubject: hello\r\n"
      ),
      of: &world
    )
    let offers = world.offers
    let offer = try #require(offers.first)
    #expect(offer.dn == "8000")
    #expect(offer.ani == "+4420777")
    #expect(offer.dnis == "0800123")
    #expect(offer.type == .inbound)
    #expect(offer.uuid == CallUUID(high: 1, middle: 2, low: 3))
    world.signals = []
    world.perform(.readHeader(offer.connID, "SUBJECT"))
    world.perform(.readHeader(offer.connID, "X-Nothing"))
    #expect(world.signals == [.header(offer.connID, "hello"), .header(offer.connID, nil)])
  }

  @Test func connIDsOfTwoRunsDiffer() throws {
    var ids: [ConnID] = []
    for start in [UInt64(1_800_000_000), 1_800_000_001] {
      var world = try PairWorld(start: start)
      let caller = world.phone("4420", port: 6000)
      for _ in 0..<3 { caller.call("8000", at: 0) }
      world.run(0.1)
      ids += world.offers.map(\.connID)
    }
    #expect(Set(ids).count == 6)
    #expect(!ids.contains(ConnID(0)))
    #expect(ids == ids.sorted())
  }

  @Test func aWaitingCallerHearsOfUsEveryMinute() throws {
    var pair = try PairBridge(.rings, diverts: false)
    pair.world.perform(.queued(pair.conn, queue: "9000", position: 1))
    pair.world.run(150)
    #expect(pair.dialog.responses.map(\.status) == [100, 182, 182, 182])
    // After a phone that did not answer the caller waits on, and hears it.
    pair.world.perform(.divert(pair.conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    pair.world.run(1)
    pair.world.perform(.cancelDiversion(pair.conn, attempt: 1, .noAnswer))
    pair.world.run(1)
    #expect(pair.dialog.responses.suffix(2).map(\.status) == [180, 182])
    pair.world.perform(.dequeued(pair.conn))
    pair.world.run(65)
    #expect(pair.dialog.responses.last?.status == 183)
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.world.story == ["ringing", "released caller"])
    pair.finish()
    #expect(pair.world.remains == "")
  }
}
