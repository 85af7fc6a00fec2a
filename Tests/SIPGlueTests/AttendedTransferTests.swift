import Engine
import Foundation
import SIPGlue
import Testing

@Suite("REFER with Replaces")
struct AttendedTransferTests {
  /// Refer-To with the dialog in it, as the agent's phone names it.
  private static func replacing(_ dialog: PairPhone.Dialog) -> String {
    let call = dialog.callID.replacingOccurrences(of: "@", with: "%40")
    let to = PairMessage.parameter("tag", dialog.remote)
    let from = PairMessage.parameter("tag", dialog.local)
    return "Refer-To: <sip:7003@demo.local?Replaces=\(call)%3Bto-tag%3D\(to)%3B"
      + "from-tag%3D\(from)>\r\n"
  }

  @Test func theTwoOthersAreJoinedAndTheAgentIsLetGo() throws {
    var world = try TransferWorld()
    let (dialog, conn) = try world.callOther()
    world.refer(Self.replacing(dialog))
    #expect(world.answer == 202)
    #expect(world.pair.world.signals == [.transferred(conn, into: world.pair.conn)])
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(1)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    #expect(world.pair.agent.requests("BYE").count == 2)
    #expect(world.pair.agent.openDialogs == 0)
    // The consulted phone was asked for an offer, the caller has it, and his answer is there.
    #expect(world.other.requests("INVITE").map(\.body) == [world.pair.agent.sdp, ""])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.other.requests("ACK").map(\.body) == ["", world.pair.caller.sdp])
    world.pair.world.signals = []
    world.pair.caller.hangUp(world.pair.dialog, at: world.pair.world.now)
    world.pair.world.run(1)
    #expect(world.pair.world.signals == [.released(world.pair.conn, by: .caller)])
    #expect(world.end() == "")
  }

  @Test func itMayBeAskedForOnTheOtherDialogToo() throws {
    var world = try TransferWorld()
    let (dialog, conn) = try world.callOther()
    // The agent was called there: his own tag is the local one.
    world.pair.agent.send(
      "REFER",
      dialog,
      headers: Self.replacing(world.leg),
      at: world.pair.world.now
    )
    world.pair.world.run(0.1)
    #expect(world.pair.world.signals == [.transferred(conn, into: world.pair.conn)])
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(1)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.end() == "")
  }

  @Test func aPhoneThatStillRingsIsJoinedWhenItAnswers() throws {
    var world = try TransferWorld(.answers(after: 3))
    let (dialog, conn) = try world.callOther()
    world.refer(Self.replacing(dialog))
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(0.5)
    #expect(dialog.statuses.last == 487)
    #expect(world.pair.agent.openDialogs == 0)
    world.pair.world.run(3)
    #expect(
      world.pair.world.signals.last == .answered(world.pair.conn, attempt: 1)
    )
    // It had answered the agent's offer: it is asked for its own.
    #expect(world.other.requests("INVITE").map(\.body) == [world.pair.agent.sdp, ""])
    #expect(world.pair.caller.requests("INVITE").map(\.body) == [world.other.sdp])
    #expect(world.end() == "")
  }

  @Test func aDialogThatIsNotThereLeavesTheCallAsItWas() throws {
    var world = try TransferWorld()
    let (dialog, _) = try world.callOther()
    for wrong in ["to-tag%3D1", "from-tag%3D1"] {
      let name = String(wrong.prefix(while: { $0 != "%" }))
      let headers = Self.replacing(dialog).replacingOccurrences(
        of: "\(name)%3D[^%>]*",
        with: wrong,
        options: .regularExpression
      )
      world.refer(headers)
      #expect(world.answer == 202)
      #expect(world.reports.last == "SIP/2.0 481 Call/Transaction Does Not Exist!", "\(wrong)")
    }
    #expect(world.pair.world.signals == [])
    #expect(world.pair.agent.openDialogs == 2)
    #expect(world.end() == "")
  }

  @Test func ownCallsOnly() throws {
    var world = try TransferWorld()
    let (dialog, _) = try world.callOther()
    // The call into itself, and the consulted phone's own side.
    world.refer(Self.replacing(world.leg))
    #expect(world.reports.last == "SIP/2.0 403 Forbidden!")
    let called = try #require(world.other.dialogs.first)
    world.refer(Self.replacing(called))
    #expect(world.reports.last == "SIP/2.0 403 Forbidden!")
    #expect(dialog.isEnded == false)
    #expect(world.end() == "")
  }
}
