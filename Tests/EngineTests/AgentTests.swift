import Engine
import TestSupport
import Testing

@Suite("Agents: login, ready, not ready, logout (DOMAIN 3.1)")
struct AgentTests {
  static let plan = Plan(
    extensions: [
      ExtensionPlan("7001", startsInService: true), ExtensionPlan("7002", startsInService: true),
      ExtensionPlan("7003"),
    ],
    agents: [
      AgentPlan("1001", extensionDN: "7001"), AgentPlan("1002"),
      AgentPlan("1003", extensionDN: "7003", logsInAutomatically: true),
    ],
    queues: [QueuePlan("9000", wrapUp: .seconds(5))],
    routingPoints: [RoutingPointPlan("8000", strategy: "s", timeout: .seconds(300))]
  )

  @Test(
    "A request that cannot be served is an EventError with its ReferenceID",
    arguments: [
      AgentSignal.login("9999", dn: "7001", reference: 77),
      .login("1002", dn: nil, reference: 77),
      .login("1002", dn: "7999", reference: 77),
      .login("1002", dn: "9000", reference: 77),
      .logout("1001", reference: 77),
      .ready("1001", reference: 77),
      .notReady("1001", .auxWork, reason: nil, reference: 77),
    ]
  )
  func mistakes(_ signal: AgentSignal) {
    var desk = Desk(Self.plan)
    desk.forget()
    desk.signal(.agent(signal))
    #expect(desk.events.map(\.kind) == [.error])
    #expect(desk.events.first?.referenceID == 77)
    #expect(desk.events.first?.errorMessage?.isEmpty == false)
    #expect(desk.events.first?.call == nil)
    #expect(desk.commands.isEmpty)
  }

  @Test func oneAgentPerDNAndOneDNPerAgent() {
    var desk = Desk(Self.plan)
    desk.login("1001")
    desk.signal(.agent(.login("1002", dn: "7001", reference: 5)))
    #expect(desk.last(.error)?.referenceID == 5)
    desk.signal(.agent(.login("1001", dn: "7002", reference: 6)))
    #expect(desk.last(.error)?.referenceID == 6)
    #expect(desk.picture.agents.map(\.dn) == ["7001", nil, nil])
  }

  @Test func answersCarryTheReferenceAndTheMode() {
    var desk = Desk(Self.plan)
    desk.forget()
    desk.login("1001", reference: 1)
    desk.ready("1001", reference: 2)
    desk.signal(.agent(.notReady("1001", .auxWork, reason: "lunch", reference: 3)))
    desk.signal(.agent(.notReady("1001", .walkAway, reason: "lunch", reference: 4)))
    desk.logout("1001", reference: 5)
    #expect(
      desk.story == [
        "agentLogin@7001", "agentReady@7001", "agentNotReady@7001", "agentNotReady@7001",
        "agentLogout@7001",
      ]
    )
    #expect(desk.events.map(\.referenceID) == [1, 2, 3, 4, 5])
    #expect(desk.events.allSatisfy { $0.agentID == "1001" && $0.call == nil })
    #expect(desk.events[2].workMode == .auxWork)
    #expect(desk.events[3].workMode == .walkAway)
    #expect(desk.events[2].reason("REASON") == "lunch")
    #expect(desk.picture.agents[0].dn == nil)
  }

  @Test func aSecondLoginAtTheSameDNIsAnnouncedAndChangesNothing() {
    var desk = Desk(Self.plan)
    desk.login("1001")
    desk.ready("1001")
    desk.login("1001")
    #expect(desk.count(.agentLogin) == 2)
    #expect(desk.state(of: "1001") == "ready")
  }

  @Test func autoLoginFollowsTheRegistration() {
    var desk = Desk(Self.plan)
    #expect(desk.state(of: "1003") == "logged_out")
    desk.forget()
    desk.line(.inService("7003"))
    #expect(desk.story == ["dnBackInService@7003", "agentLogin@7003", "agentReady@7003"])
    #expect(desk.state(of: "1003") == "ready")
  }

  @Test func deRegistrationKeepsTheLoginAndTakesTheAgentOut() {
    var desk = Desk(Self.plan)
    desk.line(.inService("7003"))
    desk.line(.outOfService("7003"))
    #expect(desk.last(.dnOutOfService)?.thisDN == "7003")
    #expect(desk.count(.agentLogout) == 0)
    #expect(desk.picture.agents[2].dn == "7003")
    #expect(desk.picture.queues[0].agentsAvailable == 0)
    #expect(desk.picture.queues[0].agentsLoggedIn == 1)
    desk.offer(1, at: "9000")
    #expect(desk.diverts.isEmpty)
    desk.line(.inService("7003"))
    #expect(desk.diverts.map(\.dn) == ["7003"])
    #expect(desk.count(.agentLogin) == 1)
  }

  @Test func aRefreshIsNotAnEvent() {
    var desk = Desk(Self.plan)
    desk.forget()
    desk.line(.inService("7001"))
    desk.line(.outOfService("7003"))
    desk.line(.inService("9000"))
    desk.line(.outOfService("nowhere"))
    #expect(desk.events.isEmpty)
  }

  @Test func logoutWhileRingingTakesTheCallToTheNextAgent() {
    var desk = Desk(Sites.floor(agents: 2))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.logout("1001")
    #expect(desk.state(of: "1001") == "logged_out")
    #expect(desk.commands.contains(.cancelDiversion(ConnID(1), attempt: 1, .cancelled)))
    #expect(desk.diverts.map(\.dn) == ["7001", "7002"])
    desk.line(.answered(ConnID(1), attempt: 1))
    #expect(desk.count(.established) == 0)
  }

  @Test func logoutWhileTalkingLeavesTheCallInPeace() {
    var desk = Desk(Sites.floor(agents: 1, wrapUp: .seconds(5)))
    desk.offer(1, at: "9000")
    desk.answer(ConnID(1))
    desk.logout("1001")
    #expect(desk.state(ofCall: 1) == "established")
    desk.hangUp(1)
    #expect(desk.last(.released)?.thisDN == "7001")
    #expect(desk.state(of: "1001") == "logged_out")
    #expect(desk.count(.agentNotReady) == 0)
    #expect(desk.shard.nextDeadline == nil)
  }

  @Test func wrapUpIsAnnouncedWhereTheAgentSitsNow() {
    var desk = Desk(Self.plan)
    desk.login("1001")
    desk.ready("1001")
    desk.offer(1, at: "9000")
    desk.answer(ConnID(1))
    desk.logout("1001")
    desk.signal(.agent(.login("1001", dn: "7002", reference: 0)))
    desk.ready("1001")
    desk.hangUp(1)
    #expect(desk.last(.agentNotReady)?.workMode == .afterCallWork)
    #expect(desk.last(.agentNotReady)?.thisDN == "7002")
  }

  @Test func notReadyDuringAnOfferLetsTheOfferGoOn() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.notReady("1001")
    #expect(desk.diverts.count == 1)
    desk.answer(ConnID(1))
    #expect(desk.state(of: "1001") == "busy")
    desk.hangUp(1)
    #expect(desk.state(of: "1001") == "not_ready")
  }

  @Test func tenWrapUpsEndEachAtItsOwnTime() {
    var desk = Desk(Sites.floor(agents: 10, wrapUp: .seconds(20)))
    for call in 1...10 {
      desk.offer(UInt64(call), at: "9000")
      desk.answer(ConnID(UInt64(call)))
    }
    for call in 1...10 {
      desk.hangUp(UInt64(call))
      #expect(desk.last(.agentNotReady)?.workMode == .afterCallWork)
      desk.advance(.seconds(1))
    }
    desk.advance(.seconds(9))
    #expect(desk.picture.agents.count { $0.state == "after_call_work" } == 10)
    for done in 1...10 {
      desk.advance(.seconds(1))
      #expect(desk.picture.agents.map(\.state).prefix(done).allSatisfy { $0 == "ready" })
      #expect(desk.picture.agents.count { $0.state == "after_call_work" } == 10 - done)
    }
  }

  @Test func readyEndsAfterCallWorkEarly() {
    var desk = Desk(Sites.floor(agents: 1, wrapUp: .seconds(20)))
    desk.offer(1, at: "9000")
    desk.answer(ConnID(1))
    desk.hangUp(1)
    desk.ready("1001")
    #expect(desk.state(of: "1001") == "ready")
    desk.notReady("1001")
    desk.advance(.seconds(60))
    #expect(desk.state(of: "1001") == "not_ready")
  }
}
