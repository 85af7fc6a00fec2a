import Engine
import Foundation
import SIPGlue
import Testing

@Suite("What a referrer hears after a restart")
struct TransferRestartTests {
  @Test func aTransferThatWasNotMadeIsGivenUp() throws {
    var world = try TransferWorld(.rings, keeps: true)
    let conn = try world.ring()
    world.pair.world.run(0.5)
    world.pair.world.isAlive = { $0 != conn }
    world.pair.world.crash()
    world.pair.world.run(0.5)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 503 Service Unavailable!"])
    #expect(world.other.openDialogs == 0)
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.pair.caller.openDialogs == 1)
    // Once: another process has nothing to tell.
    world.pair.world.crash()
    world.pair.world.run(40)
    #expect(world.reports.count == 2)
    // The next REFER is not the first one of this dialog.
    world.refer("Refer-To: <sip:8000@demo.local>\r\n")
    let number = world.leg.sequence
    #expect(world.pair.agent.requests("NOTIFY").last?["event"] == "refer;id=\(number)")
    #expect(world.end() == "")
    #expect(world.pair.world.rows.isEmpty)
  }

  @Test func aTransferThatWasMadeIsReportedBeforeBYE() throws {
    var world = try TransferWorld(keeps: true)
    world.pair.world.wire.loses = { $0.hasPrefix("NOTIFY") && $0.contains("SIP/2.0 200 OK") }
    world.refer("Refer-To: <sip:8000@demo.local>\r\n")
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.perform(.transfer(conn, into: world.pair.conn))
    world.pair.world.run(0.3)
    #expect(world.reports == ["SIP/2.0 100 Trying"])
    world.pair.world.isAlive = { $0 != conn }
    world.pair.world.crash()
    world.pair.world.wire.loses = nil
    world.pair.world.run(2)
    #expect(world.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK!"])
    let methods = world.pair.agent.received.filter(\.isRequest).map(\.method)
    #expect(methods.suffix(2) == ["NOTIFY", "BYE"])
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func aCallThatIsLostEndsItsTransfer() throws {
    var world = try TransferWorld(.rings, keeps: true)
    _ = try world.ring()
    world.pair.world.run(0.5)
    world.pair.world.isAlive = { _ in false }
    world.pair.world.crash()
    world.pair.world.run(2)
    #expect(world.reports.last == "SIP/2.0 487 Request Terminated!")
    #expect(world.pair.agent.openDialogs == 0)
    #expect(world.end() == "")
  }

  @Test func whoWantedNoReportsGetsNone() throws {
    var world = try TransferWorld(.rings, keeps: true)
    world.refer("Refer-To: <sip:7003@demo.local>\r\nRefer-Sub: false\r\n")
    let offered = world.consult
    let conn = try #require(offered)
    world.pair.world.isAlive = { $0 != conn }
    world.pair.world.crash()
    world.pair.world.run(2)
    #expect(world.reports == [])
    #expect(world.pair.agent.openDialogs == 1)
    #expect(world.end() == "")
  }
}
