import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Strangers get one answer, and no memory")
struct StrangerTests {
  private static let unknown = "<sip:8000@127.0.0.1>;tag=0123456789abcdef"
  private static let credentials =
    "Authorization: Digest username=\"7001\", realm=\"demo.local\", nonce=\"\", uri=\"\", "
    + "response=\"\"\r\n"

  /// Requests for which nobody has to show who he is, and what answers them.
  static let requests: [(method: String, to: String, extra: String, status: Int)] = [
    ("INVITE", unknown, SwitchTests.contact, 481),
    ("INVITE", "", SwitchTests.contact + "Require: nothing-known\r\n", 420),
    ("INVITE", unknown, "Require: nothing-known\r\n", 420),
    ("OPTIONS", "", "", 200), ("OPTIONS", unknown, "", 481), ("BYE", unknown, "", 481),
    ("BYE", "", "", 481), ("CANCEL", "", "", 481), ("INFO", "", "", 481), ("NOTIFY", "", "", 481),
    ("REFER", "", "Refer-To: <sip:7002@127.0.0.1>\r\n", 403), ("MESSAGE", "", "", 405),
    ("PUBLISH", "", "", 405), ("NONSENSE", "", "", 501),
    ("SUBSCRIBE", "", "Event: presence\r\n", 489), ("SUBSCRIBE", unknown, "Event: reg\r\n", 481),
    ("REGISTER", "<tel:7001>", "Contact: <sip:7001@127.0.0.1:6100>\r\n", 400),
    ("REGISTER", "<sip:7001@demo.local>", SwitchTests.contact + credentials, 400),
  ]

  /// Whoever sends under another's address must not be able to have it sent to again and again, nor
  /// to fill the table of transactions.
  @Test(arguments: requests.indices)
  func oneAnswer(index: Int) throws {
    let request = Self.requests[index]
    var plan = PairWorld.plan()
    plan.trusted = []
    var world = try PairWorld(plan: plan)
    let text = SwitchTests.request(
      request.method,
      to: request.to.isEmpty ? "<sip:8000@127.0.0.1>" : request.to,
      extra: request.extra
    )
    let answer = SwitchTests.ask(text, of: &world)
    #expect(answer?.status == request.status)
    #expect(answer?.toTag.isEmpty == false)
    let transactionCount = world.line.transactionCount
    #expect(transactionCount == 0)
    // Asked again, the answer is the same (RFC 3261 8.2.7).
    #expect(SwitchTests.ask(text, of: &world)?.toTag == answer?.toTag)
    world.run(40)
    #expect(world.sent.count == 2)
    #expect(world.remains == "")
  }
}
