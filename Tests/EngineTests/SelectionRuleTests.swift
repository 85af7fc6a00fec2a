import Engine
import TestSupport
import Testing

@Suite("The rules of a selection (SURFACE 4, DOMAIN 4.3)")
struct SelectionRuleTests {
  /// A floor whose strategy selects by a rule and routes there.
  private static func desk(
    _ rule: SelectionRule,
    _ targets: [Target] = [.any(.none)],
    agents: Int = 3,
    _ change: (inout Plan) -> Void = { _ in }
  ) -> Desk {
    var selection = Selection(targets)
    selection.rule = rule
    let fixed = selection
    var plan = Sites.floor(agents: agents)
    change(&plan)
    return Desk(
      plan,
      [
        "s": { _, answers in
          switch answers.last {
          case nil: .requested(.select(fixed))
          case .selected(let target): .finished(target)
          default: .finished(nil)
          }
        }
      ]
    )
  }

  /// One whole call, answered after a second and ended after so many.
  private static func call(_ number: UInt64, _ desk: inout Desk, seconds: Int64 = 10) {
    desk.offer(number, at: "8000")
    desk.ring(ConnID(number))
    desk.answer(ConnID(number))
    desk.advance(.seconds(seconds))
    desk.hangUp(number)
    desk.advance(.seconds(1))
  }

  @Test func theLongestIdleIsTheOneWhoHasWaitedLongest() {
    var desk = Self.desk(.longestIdle)
    for number: UInt64 in 1...4 { Self.call(number, &desk) }
    #expect(desk.diverts.map(\.dn) == ["7001", "7002", "7003", "7001"])
  }

  @Test func theLeastOccupiedHasTalkedTheSmallestShareOfHisTime() {
    var desk = Self.desk(.leastOccupied, agents: 2)
    Self.call(1, &desk, seconds: 100)
    Self.call(2, &desk, seconds: 10)
    Self.call(3, &desk, seconds: 10)
    #expect(desk.diverts.map(\.dn) == ["7001", "7002", "7002"])
    let busy = desk.picture.agents.map(\.occupancy)
    #expect(busy[0] > busy[1])
  }

  @Test func theFewestCallsCountSinceLogin() {
    var desk = Self.desk(.fewestCalls, agents: 2)
    Self.call(1, &desk)
    Self.call(2, &desk)
    Self.call(3, &desk)
    desk.logout("1002")
    desk.login("1002")
    desk.ready("1002")
    Self.call(4, &desk)
    #expect(desk.diverts.map(\.dn) == ["7001", "7002", "7001", "7002"])
    #expect(desk.picture.agents.map(\.callsTaken) == [2, 1])
  }

  @Test func roundRobinGoesOnAfterTheLastOne() {
    var desk = Self.desk(.roundRobin)
    for number: UInt64 in 1...5 { Self.call(number, &desk) }
    #expect(desk.diverts.map(\.dn) == ["7001", "7002", "7003", "7001", "7002"])
  }

  @Test func randomReachesEverybodyAndIsTheSameInEveryRun() {
    var desk = Self.desk(.random)
    for number: UInt64 in 1...60 { Self.call(number, &desk, seconds: 1) }
    let first = desk.diverts.map(\.dn)
    #expect(Set(first) == ["7001", "7002", "7003"])
    desk = Self.desk(.random)
    for number: UInt64 in 1...60 { Self.call(number, &desk, seconds: 1) }
    #expect(desk.diverts.map(\.dn) == first)
  }

  @Test func aPriorityListIsTakenInItsOrder() {
    let list: [Target] = [.agent("1003"), .agent("1001"), .any(.none)]
    var desk = Self.desk(.priorityList, list)
    for number: UInt64 in 1...3 { desk.offer(number, at: "8000") }
    #expect(desk.diverts.map(\.dn) == ["7003", "7001", "7002"])
  }

  @Test func groupsAndExpressionsWithGroupsChooseTheirMembers() {
    let filters = [
      AgentFilter(group: "tier"), AgentFilter(skills: "group(tier) and sales > 1"),
      AgentFilter(skills: "sales > 1", group: "tier"),
    ]
    for filter in filters {
      var desk = Self.desk(.longestIdle, [.any(filter)]) { plan in
        plan.groups = [AgentGroupPlan("tier", agents: ["1002", "1003"])]
        plan.agents[0].skills = [SkillLevel("sales", 9)]
        plan.agents[2].skills = [SkillLevel("sales", 9)]
      }
      desk.offer(1, at: "8000")
      #expect(desk.diverts.map(\.dn) == [filter.skills == nil ? "7002" : "7003"])
    }
  }

  @Test func targetsOfEarlierSelectionsStayUnlessTheyAreCleared() {
    for clears in [false, true] {
      var desk = Desk(
        Sites.floor(agents: 2, ready: false),
        [
          "s": { _, answers in
            var second = Selection([.agent("1002")], timeout: .seconds(10))
            second.clears = clears
            return switch (answers.count, answers.last) {
            case (0, _):
              .requested(.select(Selection([.agent("1001")], timeout: .seconds(5))))
            case (_, .selected(let target)): .finished(target)
            case (1, _): .requested(.select(second))
            default: .finished(nil)
            }
          }
        ]
      )
      desk.offer(1, at: "8000")
      desk.advance(.seconds(6))
      desk.login("1001")
      desk.ready("1001")
      #expect(desk.diverts.map(\.dn) == (clears ? [] : ["7001"]))
    }
  }

  @Test func tooManyFiltersReuseThoseThatNobodyWaitsFor() {
    var plan = Sites.floor(agents: 1, ready: false)
    plan.limits.skillExpressionsMax = 2
    var desk = Desk(
      plan,
      [
        "s": { facts, answers in
          let filter = AgentFilter(skills: "skill\(facts.connID.value) > 0")
          return answers.isEmpty
            ? .requested(.select(Selection([.any(filter)], timeout: .seconds(5))))
            : .finished(.queue("9000"))
        }
      ]
    )
    desk.offer(1, at: "8000")
    desk.offer(2, at: "8000")
    desk.offer(3, at: "8000")
    #expect(desk.waiting(in: "9000") == [3])
    desk.advance(.seconds(6))
    #expect(desk.waiting(in: "9000") == [3, 1, 2])
    desk.offer(4, at: "8000")
    #expect(desk.state(ofCall: 4) == "selecting")
  }
}

@Suite("Expected waits (ADR 0013)")
struct ExpectedWaitTests {
  @Test func theyGrowWithThePositionAndShrinkWithTheStaff() {
    func expected(agents: Int, waiting: UInt64) -> ExpectedWait? {
      var desk = Desk(
        Sites.floor(agents: agents),
        [
          "s": { _, answers in
            answers.isEmpty ? .requested(.queueExpectedWait("9000")) : .finished(nil)
          }
        ]
      )
      for number in 0..<(UInt64(agents) + waiting) { desk.offer(100 + number, at: "9000") }
      desk.offer(1, at: "8000")
      guard case .expectedWait(let expected) = desk.lastAnswer else { return nil }
      return expected
    }
    // Ninety seconds are assumed as long as no call has ended.
    #expect(expected(agents: 1, waiting: 0)?.mean == .seconds(90))
    #expect(expected(agents: 1, waiting: 3)?.mean == .seconds(360))
    #expect(expected(agents: 3, waiting: 2)?.mean == .seconds(90))
    let wide = expected(agents: 1, waiting: 3)
    #expect(wide.map { $0.low < $0.mean && $0.mean < $0.high } == true)
    #expect(wide?.high == .milliseconds(590_400))
  }
}
