import Engine
import TestSupport
import Testing

@Suite("Inbound call to a routing point (DOMAIN 2.1)")
struct InboundTests {
  static let plan = Plan(
    extensions: [ExtensionPlan("7001", startsInService: true)],
    agents: [AgentPlan("1001", extensionDN: "7001", logsInAutomatically: true)],
    queues: [QueuePlan("9000", wrapUp: .seconds(5))],
    routingPoints: [RoutingPointPlan("8000", strategy: "any", defaults: [.queue("9000")])]
  )

  @Test func eventsComeInTheOrderOfTheModel() {
    var desk = Desk(Self.plan, ["any": { _, _ in .finished(.any(.none)) }])
    let call = ConnID(1)
    desk.forget()
    desk.line(.offered(CallOffer(call, at: "8000", ani: "4420", dnis: "8000")))
    desk.ring(call)
    desk.answer(call)
    desk.line(.released(call, by: .caller))
    #expect(
      desk.story == [
        "queued@8000", "routeRequest@8000", "routeUsed@8000", "diverted@8000",
        "ringing@7001", "established@7001", "released@7001",
      ]
    )
    #expect(Set(desk.events.compactMap { $0.call?.connID }) == [call])
    #expect(desk.events.map(\.sequence) == Array(4...10))
  }

  @Test func aCallerNobodyAnswersIsFirstAgain() {
    var desk = Desk(Self.plan)
    desk.line(.offered(CallOffer(ConnID(1), at: "9000")))
    desk.line(.offered(CallOffer(ConnID(2), at: "9000")))
    desk.ring(ConnID(1))
    desk.forget()
    desk.advance(.seconds(15))
    #expect(
      desk.story == ["released@7001", "agentNotReady@7001", "queued@9000"]
    )
    desk.signal(.agent(.ready("1001", reference: 0)))
    #expect(desk.lastDiversion(of: ConnID(1))?.attempt == 2)
    #expect(desk.lastDiversion(of: ConnID(2)) == nil)
  }
}
