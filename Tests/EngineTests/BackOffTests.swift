import Engine
import TestSupport
import Testing

@Suite("A target that does not take the call")
struct BackOffTests {
  @Test("An agent who fails at once is not called over and over", arguments: RouteFailure.allCases)
  func noStorm(_ failure: RouteFailure) {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    for _ in 0..<600 {
      // Whatever the engine asks for fails immediately; a storm would answer within this signal.
      desk.advance(.milliseconds(100))
      var rounds = 0
      while desk.state(ofCall: 1) == "diverting", rounds < 50 {
        desk.fail(ConnID(1), failure)
        rounds += 1
      }
    }
    #expect(desk.diverts.count <= 13)
    #expect(desk.waiting(in: "9000") == [1])
    if failure == .noAnswer {
      #expect(desk.state(of: "1001") == "not_ready")
    } else {
      #expect(desk.state(of: "1001") == "ready")
    }
  }

  @Test(
    "Busy, rejected and unreachable go to the next agent at once and are not RONA",
    arguments: [RouteFailure.busy, .rejected, .unreachable]
  )
  func nextAgent(_ failure: RouteFailure) {
    var desk = Desk(Sites.floor(agents: 2))
    desk.offer(1, at: "9000")
    desk.fail(ConnID(1), failure)
    #expect(desk.diverts.map(\.dn) == ["7001", "7002"])
    #expect(desk.count(.agentNotReady) == 0)
    #expect(desk.picture.agents[0].reason == "left alone")
  }

  @Test func theBackOffEndsByItself() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.fail(ConnID(1), .busy)
    desk.advance(.milliseconds(4_999))
    #expect(desk.diverts.count == 1)
    desk.advance(.milliseconds(1))
    #expect(desk.diverts.count == 2)
  }

  @Test func rungOutAgentIsNotReadyAndTheCallGoesToTheNext() {
    var desk = Desk(Sites.floor(agents: 2))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.advance(.seconds(15))
    let event = desk.last(.agentNotReady)
    #expect(event?.thisDN == "7001")
    #expect(event?.workMode == .auxWork)
    #expect(event?.reason("REASON") == "RONA")
    #expect(event?.call == nil)
    #expect(desk.last(.released)?.callState == .noAnswer)
    #expect(desk.diverts.map(\.dn) == ["7001", "7002"])
    #expect(desk.commands.contains(.cancelDiversion(ConnID(1), attempt: 1, .noAnswer)))
  }

  @Test func aSilentPhoneIsUnreachableAndNotPunished() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.advance(.seconds(15))
    #expect(desk.commands.contains(.cancelDiversion(ConnID(1), attempt: 1, .unreachable)))
    #expect(desk.count(.agentNotReady) == 0)
    #expect(desk.count(.released) == 0)
  }

  @Test func aCallThatComesBackIsToldItsOwnPlaceInLine() {
    var desk = Desk(Sites.floor(agents: 1))
    for call in 1...4 { desk.offer(UInt64(call), at: "9000") }
    desk.ring(ConnID(1))
    desk.forget()
    desk.advance(.seconds(15))
    #expect(desk.waiting(in: "9000") == [1, 2, 3, 4])
    #expect(desk.commands.contains(.queued(ConnID(1), queue: "9000", position: 1)))
  }
}
