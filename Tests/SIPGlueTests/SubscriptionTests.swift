import Engine
import Foundation
import SIPGlue
import Testing

/// A world with a phone that may register, watched from port 6300.
private final class Watching {
  var world: PairWorld
  private var sequence = 0

  init(configure: (inout SIPPlan) -> Void = { _ in }) throws {
    var plan = PairWorld.plan()
    plan.extensions.append(RegistrarExtension("7010"))
    plan.registrar.contactsMax = 4
    configure(&plan)
    world = try PairWorld(plan: plan)
    world.signals = []
  }

  func register(_ expires: Int, port: UInt16 = 6110) {
    sequence += 1
    let text =
      "REGISTER sip:demo.local SIP/2.0\r\n"
      + "Via: SIP/2.0/UDP 127.0.0.1:\(port);branch=z9hG4bKr\(sequence)\r\nMax-Forwards: 70\r\n"
      + "From: <sip:7010@demo.local>;tag=a\r\nTo: <sip:7010@demo.local>\r\n"
      + "Call-ID: r\(port)\r\nCSeq: \(sequence) REGISTER\r\n"
      + "Contact: <sip:7010@127.0.0.1:\(port)>;audio;+sip.instance=\"<urn:a&b>\"\r\n"
      + "Expires: \(expires)\r\nContent-Length: 0\r\n\r\n"
    world.inject(text, from: port)
    world.run(0.05)
  }

  /// Sends a SUBSCRIBE and gives the answer.
  func subscribe(
    _ dn: String = "7010",
    tag: String = "",
    expires: Int? = 600,
    event: String = "Event: reg\r\n",
    callID: String = "watch",
    from address: String = "127.0.0.1:6300"
  ) -> PairMessage? {
    sequence += 1
    let before = world.sent.count
    let to = tag.isEmpty ? "" : ";tag=\(tag)"
    let head =
      "SUBSCRIBE sip:\(dn)@demo.local SIP/2.0\r\n"
      + "Via: SIP/2.0/UDP \(address);rport;branch=z9hG4bKs\(sequence)\r\nMax-Forwards: 70\r\n"
      + "From: <sip:watcher@demo.local>;tag=w\r\nTo: <sip:\(dn)@demo.local>\(to)\r\n"
      + "Call-ID: \(callID)\r\nCSeq: \(sequence) SUBSCRIBE\r\n"
      + "Contact: <sip:watcher@\(address)>\r\n" + event
    let times = expires.map { "Expires: \($0)\r\n" } ?? ""
    world.inject(head + times + "Content-Length: 0\r\n\r\n", from: 6300)
    world.run(0.05)
    return world.sent[before...].compactMap { PairMessage($0) }.first { !$0.isRequest }
  }

  /// The NOTIFYs so far, each once.
  var notices: [PairMessage] {
    var seen: Set<String> = []
    return world.sent.compactMap { PairMessage($0) }.filter {
      $0.isRequest && $0.method == "NOTIFY" && seen.insert($0.branch).inserted
    }
  }

  /// Answers the last NOTIFY.
  func answer(_ status: String = "200 OK") {
    guard let notice = notices.last else { return }
    let text =
      "SIP/2.0 \(status)\r\nVia: \(notice["via"])\r\nFrom: \(notice["from"])\r\n"
      + "To: \(notice["to"])\r\nCall-ID: \(notice.callID)\r\nCSeq: \(notice["cseq"])\r\n"
      + "Content-Length: 0\r\n\r\n"
    world.inject(text, from: 6300)
    world.run(0.05)
  }
}

@Suite("Who watches a DN is told what happens to its contacts (RFC 3680)")
struct SubscriptionTests {
  @Test func aSubscriptionIsAnsweredAndEverythingIsTold() throws {
    let watching = try Watching()
    watching.register(60)
    let answer = watching.subscribe()
    #expect(answer?.status == 200)
    #expect(answer?["expires"] == "600")
    #expect(answer?.toTag.isEmpty == false)
    let notice = try #require(watching.notices.first)
    #expect(notice.uri == "sip:watcher@127.0.0.1:6300")
    #expect(notice["event"] == "reg")
    #expect(notice["subscription-state"] == "active;expires=600")
    #expect(notice["content-type"] == "application/reginfo+xml")
    #expect(notice.fromTag == answer?.toTag)
    #expect(notice.toTag == "w")
    #expect(notice.callID == "watch")
    let body = notice.body
    #expect(body.contains("version=\"0\" state=\"full\""))
    #expect(body.contains("aor=\"sip:7010@demo.local\" id=\"r7010\" state=\"active\""))
    #expect(body.contains("state=\"active\" event=\"registered\""))
    #expect(body.contains("<uri>sip:7010@127.0.0.1:6110</uri>"))
    #expect(body.contains("<unknown-param name=\"+sip.instance\">&lt;urn:a&amp;b&gt;<"))
  }

  @Test("A watcher behind an address translator is told where he came from")
  func translated() throws {
    let watching = try Watching()
    let outside = watching.world.phone("watcher", port: 6300)
    // `answer` speaks for it.
    outside.script = { _, _ in [] }
    let address = "192.168.1.9:5062"
    let answer = watching.subscribe(from: address)
    #expect(outside.requests("NOTIFY").count == 1)
    watching.answer()
    _ = watching.subscribe(tag: answer?.toTag ?? "", from: address)
    #expect(Set(outside.requests("NOTIFY").map(\.branch)).count == 2)
    #expect(outside.requests("NOTIFY").first?.uri == "sip:watcher@\(address)")
  }

  @Test func everyChangeIsToldAndTheVersionsHaveNoGaps() throws {
    let watching = try Watching()
    _ = watching.subscribe()
    watching.answer()
    #expect(watching.notices[0].body.contains("state=\"init\""))
    watching.register(60)
    watching.answer()
    watching.register(120)
    watching.answer()
    watching.register(60, port: 6111)
    watching.answer()
    watching.register(0)
    watching.answer()
    watching.world.run(61)
    watching.answer()
    let bodies = watching.notices.map(\.body)
    let expected = ["", "registered", "refreshed", "registered", "unregistered", "expired"]
    #expect(bodies.count == expected.count)
    for (index, event) in expected.enumerated() {
      #expect(bodies[index].contains("version=\"\(index)\""))
      #expect(bodies[index].contains(index == 0 ? "full" : "partial"))
      if index > 0 { #expect(bodies[index].contains("event=\"\(event)\"")) }
    }
    #expect(bodies[5].contains("id=\"r7010\" state=\"terminated\""))
    #expect(bodies[4].contains("id=\"r7010\" state=\"active\""))
  }

  @Test func whatHappensDuringANotifyMakesTheNextOneComplete() throws {
    let watching = try Watching()
    _ = watching.subscribe()
    watching.register(60)
    watching.register(60, port: 6111)
    #expect(watching.notices.count == 1)
    watching.answer()
    #expect(watching.notices.count == 2)
    let body = watching.notices[1].body
    #expect(body.contains("version=\"1\" state=\"full\""))
    #expect(body.components(separatedBy: "<contact ").count == 3)
  }

  @Test func aRefreshProlongsAndTheEndIsTold() throws {
    let watching = try Watching()
    let first = try #require(watching.subscribe(expires: 60))
    watching.answer()
    watching.world.run(40)
    let again = watching.subscribe(tag: first.toTag, expires: 60)
    #expect(again?.status == 200)
    #expect(again?.toTag == first.toTag)
    watching.answer()
    watching.world.run(50)
    #expect(watching.notices.count == 2)
    watching.world.run(20)
    #expect(watching.notices.count == 3)
    #expect(watching.notices[2]["subscription-state"] == "terminated;reason=timeout")
    watching.answer()
    #expect(watching.subscribe(tag: first.toTag)?.status == 481)
    watching.world.run(200)
    #expect(watching.world.remains == "")
  }

  @Test func expiresZeroAsksOnceAndEndsASubscription() throws {
    let watching = try Watching()
    #expect(watching.subscribe(expires: 0)?.status == 200)
    #expect(watching.notices.last?["subscription-state"] == "terminated;reason=timeout")
    watching.answer()
    let kept = try #require(watching.subscribe(callID: "second"))
    watching.answer()
    #expect(watching.subscribe(tag: kept.toTag, expires: 0, callID: "second")?.status == 200)
    watching.answer()
    watching.register(60)
    #expect(watching.notices.count == 3)
  }

  @Test(arguments: ["481 Call/Transaction Does Not Exist", ""])
  func whoRefusesOrDoesNotAnswerIsForgotten(status: String) throws {
    let watching = try Watching()
    _ = watching.subscribe(expires: 3600)
    if status.isEmpty { watching.world.run(33) } else { watching.answer(status) }
    watching.register(60)
    #expect(watching.notices.count == 1)
  }

  @Test func whatCannotBeServedIsRefused() throws {
    let watching = try Watching { plan in
      plan.limits.subscribersMax = 2
    }
    let other = watching.subscribe(event: "Event: presence\r\n")
    #expect(other?.status == 489)
    #expect(other?["allow-events"] == "reg")
    #expect(watching.subscribe("7777")?.status == 404)
    #expect(watching.subscribe(tag: "0123456789abcdef")?.status == 481)
    let brief = watching.subscribe(expires: 5)
    #expect(brief?.status == 423)
    #expect(brief?["min-expires"] == "10")
    #expect(watching.subscribe(event: "Event: reg\r\nAccept: text/plain\r\n")?.status == 406)
    #expect(watching.subscribe(event: "o: reg;id=7\r\n", callID: "a")?.status == 200)
    #expect(watching.notices.last?["event"] == "reg;id=7")
    #expect(watching.subscribe(callID: "b")?.status == 200)
    #expect(watching.subscribe(callID: "c")?.status == 503)
    #expect(watching.notices.count == 2)
  }

  @Test func strangersWatchNobodyAndUsersThemselves() throws {
    var plan = PairWorld.plan()
    plan.trusted = []
    let text = SwitchTests.request(
      "SUBSCRIBE",
      "sip:7001@demo.local",
      to: "<sip:7001@demo.local>",
      extra: "Event: reg\r\n" + SwitchTests.contact
    )
    var world = try PairWorld(plan: plan)
    let answer = SwitchTests.ask(text, of: &world)
    #expect(answer?.status == 401)
    #expect(answer?.all("www-authenticate").count == 2)
    let other = SwitchTests.ask(text.replacingOccurrences(of: "7001", with: "7002"), of: &world)
    #expect(other?.status == 403)
    let transactionCount = world.line.transactionCount
    #expect(transactionCount == 0)
  }
}
