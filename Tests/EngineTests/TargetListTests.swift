import Engine
import TestSupport
import Testing

@Suite("Lists of targets: one after the other, or all at once in a redirect")
struct TargetListTests {
  /// Three agents, and a strategy that returns the list.
  private static func desk(
    _ list: [Target],
    _ mode: DivertMode,
    defaults: [Target] = [],
    limits: Limits = .standard
  ) -> Desk {
    var plan = Sites.floor(agents: 3, defaults: defaults)
    plan.routingPoints[0].divert = mode
    plan.routingPoints[0].redirectBlackout = .seconds(5)
    plan.trunks = ["carrier"]
    plan.limits = limits
    return Desk(plan, ["s": { _, _ in .finished(.list(list)) }])
  }

  private static let trunk = Target.trunk(name: "carrier", number: "4420")

  private static func destinations(_ commands: [LineCommand]) -> [Destination] {
    commands.compactMap { if case .divert(_, _, let to, _) = $0 { to } else { nil } }
  }

  @Test func aBridgedCallGoesFromOneToTheNext() {
    var desk = Self.desk([.dn("7001"), .agent("1002"), Self.trunk], .bridge)
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.fail(ConnID(1), .noAnswer)
    desk.fail(ConnID(1), .busy)
    #expect(
      Self.destinations(desk.commands) == [
        .dn("7001"), .dn("7002"), .trunk(name: "carrier", number: "4420"),
      ]
    )
    desk.answer(ConnID(1))
    #expect(desk.state(ofCall: 1) == "established")
    #expect(desk.count(.routeUsed) == 2)
  }

  @Test func afterTheLastOneComesTheDefaultRouteWithItsReason() {
    var desk = Self.desk([.dn("7001"), .dn("7009"), .dn("7002")], .bridge, defaults: [Self.trunk])
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .rejected)
    desk.fail(ConnID(1), .busy)
    #expect(Self.destinations(desk.commands).last == .trunk(name: "carrier", number: "4420"))
    desk.answer(ConnID(1))
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "busy")
  }

  @Test func whoIsOutOfServiceOrTakenIsPassedOver() {
    var desk = Self.desk([.dn("7001"), .dn("7002"), .dn("7003")], .bridge)
    desk.line(.outOfService("7001"))
    desk.offer(1, at: "8000")
    desk.offer(2, at: "8000")
    #expect(Self.destinations(desk.commands) == [.dn("7002"), .dn("7003")])
  }

  @Test(
    arguments: [
      (Target.queue("9000"), "queued"), (.any(.none), "selecting"), (.reject(486), nil),
      (.any(AgentFilter(group: "nobody")), nil),
    ] as [(Target, String?)]
  )
  func theLastOneMayBeOneThatWaits(last: Target, state: String?) {
    var desk = Self.desk([.dn("7001"), last], .bridge)
    for agent: AgentID in ["1001", "1002", "1003"] { desk.notReady(agent) }
    desk.line(.outOfService("7001"))
    desk.offer(1, at: "8000")
    #expect(desk.state(ofCall: 1) == state)
  }

  @Test func aRedirectNamesAllThatCanBeHadAndLeavesTheirAgentsAlone() {
    var desk = Self.desk(
      [.dn("7002"), .dn("7001"), .agent("1002"), Self.trunk, .agent("1003")],
      .redirect
    )
    desk.line(.outOfService("7001"))
    desk.offer(1, at: "8000")
    #expect(
      desk.commands == [
        .alsoName(
          ConnID(1),
          attempt: 1,
          [.trunk(name: "carrier", number: "4420"), .dn("7003")]
        ),
        .divert(ConnID(1), attempt: 1, to: .dn("7002"), mode: .redirect),
      ]
    )
    desk.line(.diverted(ConnID(1), attempt: 1))
    #expect(desk.last(.routeUsed)?.thirdPartyDN == "7002")
    #expect(desk.picture.calls.isEmpty)
    let reasons = desk.picture.agents.map { $0.reason }
    #expect(reasons[1] == "left alone")
    #expect(reasons[2] == "left alone")
    desk.offer(2, at: "9000")
    #expect(desk.state(ofCall: 2) == "queued")
    desk.advance(.seconds(5))
    #expect(desk.state(ofCall: 2) == "diverting")
  }

  @Test(arguments: [RouteFailure.unreachable, .noSuchTarget])
  func aRedirectThatNobodyIsLeftForIsAFailedTarget(failure: RouteFailure) {
    let list: [Target] =
      failure == .unreachable ? [.dn("7001"), .dn("7002")] : [.dn("7001"), .dn("7099")]
    var desk = Self.desk(list, .redirect, defaults: [Self.trunk])
    desk.line(.outOfService("7001"))
    desk.line(.outOfService("7002"))
    desk.offer(1, at: "8000")
    desk.line(.diverted(ConnID(1), attempt: 1))
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == failure.word)
    #expect(desk.commands.count == 1)
  }

  @Test func aRedirectThatFailsOnTheLineIsNotRepeatedButForTheLast() {
    var desk = Self.desk([.dn("7001"), .dn("7002"), .queue("9000")], .redirect)
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .unreachable)
    // Now it waits in the queue, whose third agent is free.
    #expect(desk.last(.diverted)?.thirdPartyDN == "9000")
    #expect(Self.destinations(desk.commands).last == .dn("7003"))
  }

  @Test func callRouteGetsTheReasonAndAsksAgainWithTheRest() {
    var plan = Sites.floor(agents: 3)
    plan.routingPoints[0].divert = .bridge
    var desk = Desk(
      plan,
      [
        "s": { _, answers in
          let list: [Target] = [.dn("7001"), .dn("7002"), .dn("7003")]
          guard answers.count < 3 else { return .finished(.reject(603)) }
          let rest = Array(list[answers.count...])
          return .requested(.route(rest.count > 1 ? .list(rest) : rest[0], ringTimeout: nil))
        }
      ]
    )
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .busy)
    #expect(desk.shard.strategies.lastAnswer == .failed(.busy))
    desk.fail(ConnID(1), .rejected)
    desk.fail(ConnID(1), .unreachable)
    #expect(Self.destinations(desk.commands) == [.dn("7001"), .dn("7002"), .dn("7003")])
    #expect(desk.refusals == [603])
  }

  @Test(
    arguments: [
      [], [.queue("9000"), .dn("7001")], [.any(.none), .dn("7001")],
      [.dn("7001"), .queues(["9000"])], [.dn("7001"), .list([.dn("7002")])],
      Array(repeating: .dn("7001"), count: 65),
    ] as [[Target]]
  )
  func whatIsNoListCostsNobodyACall(list: [Target]) {
    var desk = Self.desk(list, .bridge, defaults: [Self.trunk])
    desk.offer(1, at: "8000")
    desk.answer(ConnID(1))
    #expect(desk.last(.routeUsed)?.routeType == .default)
    var other = Desk(
      Sites.floor(agents: 1),
      [
        "s": { _, answers in
          guard answers.isEmpty else { return .finished(.reject(486)) }
          return .requested(.route(.list(list), ringTimeout: nil))
        }
      ]
    )
    other.offer(1, at: "8000")
    let answer = other.shard.strategies.lastAnswer
    guard case .invalid? = answer else {
      Issue.record("it was taken")
      return
    }
  }

  @Test func triesAreCounted() {
    var limits = Limits.standard
    limits.attemptsMax = 2
    var desk = Self.desk([.dn("7001"), .dn("7002"), .dn("7003")], .bridge, limits: limits)
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .busy)
    desk.fail(ConnID(1), .busy)
    #expect(desk.refusals == [480])
  }
}
