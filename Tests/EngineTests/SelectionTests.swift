import Engine
import TestSupport
import Testing

@Suite("ANY and select (DOMAIN decision 1, ADR 0003)")
struct SelectionTests {
  typealias Script = ScriptedStrategies.Script
  static let any: [StrategyName: Script] = ["s": { _, _ in .finished(.any(.none)) }]

  /// Selects, and routes to what it got; without it, ends without a target.
  static func selecting(_ selection: Selection) -> [StrategyName: Script] {
    [
      "s": { _, answers in
        switch answers.last {
        case nil: .requested(.select(selection))
        case .selected(let target): .finished(target)
        default: .finished(nil)
        }
      }
    ]
  }

  @Test func anyTakesTheLongestIdle() {
    var desk = Desk(Sites.floor(agents: 3), Self.any)
    for call: UInt64 in 1...3 {
      desk.offer(call, at: "8000")
      desk.answer(ConnID(call))
    }
    #expect(desk.diverts.map(\.dn) == ["7001", "7002", "7003"])
    desk.hangUp(2)
    desk.hangUp(3)
    desk.hangUp(1)
    for call: UInt64 in 4...6 { desk.offer(call, at: "8000") }
    #expect(desk.diverts.suffix(3).map(\.dn) == ["7002", "7003", "7001"])
  }

  @Test func anyNeverChoosesTheCallersOwnDN() {
    var desk = Desk(Sites.floor(agents: 2), Self.any)
    desk.offer(1, at: "8000", ani: "7001")
    #expect(desk.diverts.map(\.dn) == ["7002"])
    desk.offer(2, at: "8000", ani: "7001")
    #expect(desk.diverts.count == 1)
    #expect(desk.state(ofCall: 2) == "selecting")
  }

  @Test func anyNeverChoosesATriedDNAgain() {
    var desk = Desk(Sites.floor(agents: 2), Self.any)
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .busy)
    desk.fail(ConnID(1), .rejected)
    #expect(desk.diverts.map(\.dn) == ["7001", "7002"])
    desk.advance(.seconds(10))
    #expect(desk.diverts.count == 2)
    #expect(desk.picture.queues[0].agentsAvailable == 2)
    desk.advance(.seconds(20))
    #expect(desk.refusals == [480])
  }

  @Test func anySeesNeitherNotReadyNorOutOfServiceNorExcluded() {
    let filter = AgentFilter(excludedAgents: ["1003"], excludedDNs: ["7004"])
    var desk = Desk(Sites.floor(agents: 5), ["s": { _, _ in .finished(.any(filter)) }])
    desk.notReady("1001")
    desk.line(.outOfService("7002"))
    desk.offer(1, at: "8000")
    #expect(desk.diverts.map(\.dn) == ["7005"])
    desk.offer(2, at: "8000")
    #expect(desk.diverts.count == 1)
    desk.line(.inService("7002"))
    #expect(desk.diverts.map(\.dn) == ["7005", "7002"])
  }

  @Test func aTimeoutIsAnsweredAndTheCallGoesOn() {
    var desk = Desk(
      Sites.floor(agents: 1, defaults: [.queue("9000")], ready: false),
      Self.selecting(Selection([.any(.none)], timeout: .seconds(7)))
    )
    desk.offer(1, at: "8000")
    desk.advance(.milliseconds(6_999))
    #expect(desk.state(ofCall: 1) == "selecting")
    desk.advance(.milliseconds(1))
    #expect(desk.state(ofCall: 1) == "queued")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "no_target")
  }

  @Test func theAgentWhoBecomesAvailableWakesTheSelection() {
    var desk = Desk(
      Sites.floor(agents: 1, ready: false),
      Self.selecting(Selection([.any(.none)], timeout: .seconds(20)))
    )
    desk.offer(1, at: "8000")
    desk.advance(.seconds(3))
    desk.login("1001")
    #expect(desk.diverts.isEmpty)
    desk.ready("1001")
    #expect(desk.offeredCalls == [1])
    desk.advance(.seconds(10))
    #expect(desk.count(.routeUsed) == 0)
  }

  @Test func priorityCountsBeforeTheTicketAtRoutingPoints() {
    let priorities: [UInt64: Int32] = [1: 0, 2: 5, 3: 5, 4: 9]
    var desk = Desk(
      Sites.floor(agents: 4, ready: false),
      [
        "s": { facts, answers in
          switch answers.last {
          case nil:
            .requested(
              .select(Selection([.any(.none)], priority: priorities[facts.connID.value]))
            )
          case .selected(let target): .finished(target)
          default: .finished(nil)
          }
        }
      ]
    )
    for call: UInt64 in 1...4 { desk.offer(call, at: "8000") }
    for agent in 1001...1004 {
      desk.login(AgentID("\(agent)"))
      desk.ready(AgentID("\(agent)"))
    }
    #expect(desk.offeredCalls == [4, 2, 3, 1])
  }

  @Test func ofAListTheLongestIdleIsTakenUnlessTheListIsAPriorityList() {
    var selection = Selection([.agent("1002"), .any(.none)])
    var desk = Desk(Sites.floor(agents: 2), Self.selecting(selection))
    desk.offer(1, at: "8000")
    desk.offer(2, at: "8000")
    #expect(desk.diverts.map(\.dn) == ["7001", "7002"])
    selection.rule = .priorityList
    desk = Desk(Sites.floor(agents: 2), Self.selecting(selection))
    desk.offer(1, at: "8000")
    desk.offer(2, at: "8000")
    #expect(desk.diverts.map(\.dn) == ["7002", "7001"])
  }

  @Test func aNewcomerDoesNotOvertakeACallThatWaitsForTheSameDN() {
    var desk = Desk(
      Sites.floor(agents: 1),
      Self.selecting(Selection([.dn("7001")], timeout: .seconds(25)))
    )
    desk.offer(1, at: "8000")
    desk.answer(ConnID(1))
    desk.offer(2, at: "8000")
    desk.notReady("1001")
    desk.hangUp(1)
    desk.offer(3, at: "8000")
    desk.ready("1001")
    #expect(desk.offeredCalls == [1, 2])
  }

  @Test func aSelectionOfADNIsWokenWhenItsAgentLogsOut() {
    var desk = Desk(
      Sites.floor(agents: 1),
      Self.selecting(Selection([.dn("7001")], timeout: .seconds(25)))
    )
    desk.notReady("1001")
    desk.offer(1, at: "8000")
    #expect(desk.state(ofCall: 1) == "selecting")
    desk.logout("1001")
    desk.offer(2, at: "8000")
    #expect(desk.offeredCalls.first == 1)
  }

  @Test func aSelectionOfADNIsWokenWhenItComesIntoService() {
    var desk = Desk(
      Sites.floor(agents: 1, ready: false),
      Self.selecting(Selection([.dn("7001")], timeout: .seconds(25)))
    )
    desk.line(.outOfService("7001"))
    desk.offer(1, at: "8000")
    #expect(desk.diverts.isEmpty)
    desk.line(.inService("7001"))
    #expect(desk.diverts.map(\.dn) == ["7001"])
  }
}

@Suite("A selected agent")
struct SelectedAgentTests {
  @Test func routingToHisDNKeepsHim() {
    let script: ScriptedStrategies.Script = { _, answers in
      switch answers.count {
      case 0: .requested(.select(Selection([.any(.none)])))
      default: .requested(.route(.dn("7001"), ringTimeout: nil))
      }
    }
    var desk = Desk(InboundTests.plan, ["any": script])
    desk.line(.offered(CallOffer(ConnID(1), at: "8000")))
    #expect(desk.lastDiversion(of: ConnID(1))?.destination == .dn("7001"))
    #expect(desk.shard.snapshot(at: desk.now).reservations.map(\.owner) == [ConnID(1)])
  }

  @Test func whoseDNWentOutOfServiceIsNotSentTheCall() {
    let script: ScriptedStrategies.Script = { _, answers in
      switch answers.count {
      case 0: .requested(.select(Selection([.any(.none)])))
      case 1: .requested(.wait(.seconds(2)))
      default: .finished(.agent("1001"))
      }
    }
    var desk = Desk(InboundTests.plan, ["any": script])
    desk.line(.offered(CallOffer(ConnID(1), at: "8000")))
    desk.line(.outOfService("7001"))
    desk.advance(.seconds(2))
    #expect(desk.lastDiversion(of: ConnID(1)) == nil)
    #expect(desk.shard.snapshot(at: desk.now).calls.map(\.state) == ["selecting"])
  }
}
