import Engine
import TestSupport
import Testing

@Suite("Redirect: the call is out of sight, the agent is left alone (DOMAIN 6.1)")
struct RedirectTests {
  static func desk(blackout: Duration) -> Desk {
    var plan = Sites.floor(agents: 1)
    plan.routingPoints[0].divert = .redirect
    plan.routingPoints[0].redirectBlackout = blackout
    return Desk(plan, ["s": { _, _ in .finished(.any(.none)) }])
  }

  @Test func theAgentIsLeftAloneForTheBlackout() {
    var desk = Self.desk(blackout: .seconds(5))
    let start = desk.events.count
    desk.offer(1, at: "8000")
    #expect(
      desk.commands == [.divert(ConnID(1), attempt: 1, to: .dn("7001"), mode: .redirect)]
    )
    desk.line(.diverted(ConnID(1), attempt: 1))
    #expect(
      desk.story.dropFirst(start) == [
        "queued@8000", "routeRequest@8000", "routeUsed@8000", "diverted@8000",
      ]
    )
    #expect(desk.picture.calls.isEmpty)
    #expect(desk.picture.agents[0].state == "ready")
    #expect(desk.picture.agents[0].reason == "left alone")
    desk.offer(2, at: "8000")
    desk.offer(3, at: "9000")
    desk.advance(.milliseconds(4_999))
    #expect(desk.offeredCalls == [1])
    desk.advance(.milliseconds(1))
    #expect(desk.offeredCalls == [1, 2])
  }

  @Test func aBlackoutOfZeroIsNone() {
    var desk = Self.desk(blackout: .zero)
    for call: UInt64 in 1...20 {
      desk.offer(call, at: "8000")
      desk.line(.diverted(ConnID(call), attempt: 1))
    }
    #expect(desk.offeredCalls == Array(1...20))
    #expect(desk.picture.calls.isEmpty)
    #expect(desk.shard.nextDeadline == nil)
  }

  @Test func aRedirectThatFailsIsFollowedByTheNext() {
    var desk = Self.desk(blackout: .seconds(5))
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .unreachable)
    #expect(desk.state(ofCall: 1) == "selecting")
    desk.advance(.seconds(30))
    #expect(desk.refusals == [480])
  }

  @Test func aQueueAlwaysBridges() {
    var desk = Self.desk(blackout: .zero)
    desk.offer(1, at: "9000")
    #expect(
      desk.commands == [.divert(ConnID(1), attempt: 1, to: .dn("7001"), mode: .bridge)]
    )
  }
}
