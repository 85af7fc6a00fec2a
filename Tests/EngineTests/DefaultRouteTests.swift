import Engine
import TestSupport
import Testing

@Suite("The default route (DOMAIN 2.5, decision 6)")
struct DefaultRouteTests {
  typealias Script = ScriptedStrategies.Script

  static func desk(_ defaults: [Target], agents: Int = 2, _ script: @escaping Script) -> Desk {
    Desk(Sites.floor(agents: agents, defaults: defaults), ["s": script])
  }

  @Test(
    "Every failure of a strategy takes it and says why",
    arguments: [
      (StrategyFailure.error("s.lua:3: boom"), "error"), (.instructions, "instructions"),
      (.memory, "memory"), (.steps, "steps"), (.noSuchStrategy, "no_such_strategy"),
      (.drained, "drained"),
    ]
  )
  func failures(_ failure: StrategyFailure, _ word: String) {
    var desk = Self.desk([.queue("9000")], agents: 0) { _, _ in .failed(failure) }
    desk.offer(1, at: "8000")
    #expect(desk.state(ofCall: 1) == "queued")
    let used = desk.last(.routeUsed)
    #expect(used?.routeType == .default)
    #expect(used?.referenceID == nil)
    #expect(used?.thirdPartyDN == "9000")
    #expect(used?.reason("DEFAULT") == word)
    if case .error(let message) = failure { #expect(used?.reason("MESSAGE") == message) }
    #expect(
      desk.story == [
        "queued@8000", "routeRequest@8000", "routeUsed@8000", "diverted@8000",
        "queued@9000",
      ]
    )
  }

  @Test func aStrategyThatDoesNotExistIsOneOfThem() {
    var desk = Desk(Sites.floor(agents: 0, defaults: [.queue("9000")]))
    desk.offer(1, at: "8000")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "no_such_strategy")
  }

  @Test func anEndWithoutATargetTakesIt() {
    var desk = Self.desk([.queue("9000")], agents: 0) { _, _ in .finished(nil) }
    desk.offer(1, at: "8000")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "no_target")
  }

  @Test(
    "A target that cannot be had takes it",
    arguments: [
      (Target.dn("7999"), "no_such_target"), (.queue("7001"), "no_such_target"),
      (.trunk(name: "none", number: "1"), "no_such_target"), (.agent("9999"), "no_such_target"),
      (.any(AgentFilter(skills: "sales >")), "error"), (.dn("7002"), "unreachable"),
    ]
  )
  func targets(_ target: Target, _ word: String) {
    var desk = Self.desk([.queue("9000")]) { _, _ in .finished(target) }
    desk.notReady("1001")
    desk.line(.outOfService("7002"))
    desk.offer(1, at: "8000")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == word)
    #expect(desk.state(ofCall: 1) == "queued")
  }

  @Test func theRoutingPointsTimeoutTakesIt() {
    var desk = Self.desk([.queue("9000")], agents: 0) { _, _ in .finished(.any(.none)) }
    desk.offer(1, at: "8000")
    desk.advance(.milliseconds(29_999))
    #expect(desk.count(.routeUsed) == 0)
    desk.advance(.milliseconds(1))
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "timeout")
    #expect(desk.state(ofCall: 1) == "queued")
    #expect(desk.shard.nextDeadline == nil)
  }

  @Test func aPhoneThatRingsIsLeftToRingWhenTheTimeIsUp() {
    var desk = Self.desk([.queue("9000")], agents: 1) { _, answers in
      answers.isEmpty
        ? .requested(.wait(.seconds(25)))
        : .requested(.route(.any(.none), ringTimeout: .seconds(20)))
    }
    desk.offer(1, at: "8000")
    desk.advance(.seconds(25))
    desk.ring(ConnID(1))
    desk.advance(.seconds(10))
    #expect(desk.state(ofCall: 1) == "ringing")
    #expect(desk.count(.routeUsed) == 1)
    desk.advance(.seconds(10))
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "timeout")
    #expect(desk.state(of: "1001") == "not_ready")
    #expect(desk.state(ofCall: 1) == "queued")
    #expect(desk.shard.strategies.liveCount == 0)
  }

  @Test func anAnswerAfterTheTimeIsUpIsAnAnswer() {
    var desk = Self.desk([.queue("9000")], agents: 1) { _, answers in
      answers.isEmpty
        ? .requested(.wait(.seconds(25))) : .requested(.route(.any(.none), ringTimeout: nil))
    }
    desk.offer(1, at: "8000")
    desk.advance(.seconds(25))
    desk.ring(ConnID(1))
    desk.advance(.seconds(8))
    desk.answer(ConnID(1))
    #expect(desk.state(ofCall: 1) == "established")
    #expect(desk.last(.routeUsed)?.routeType == .direct)
  }

  @Test func theListIsTriedInOrder() {
    let list: [Target] = [.dn("7001"), .dn("7002"), .agent("1003"), .any(.none), .queue("9000")]
    var desk = Self.desk(list, agents: 4) { _, _ in .finished(nil) }
    desk.line(.outOfService("7002"))
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .busy)
    desk.fail(ConnID(1), .rejected)
    desk.fail(ConnID(1), .unreachable)
    #expect(desk.diverts.map(\.dn) == ["7001", "7003", "7004"])
    #expect(desk.state(ofCall: 1) == "queued")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "no_target")
  }

  @Test func whatTheStrategyTriedIsSkipped() {
    var desk = Self.desk([.dn("7001"), .dn("7002")]) { _, answers in
      answers.isEmpty ? .requested(.route(.dn("7001"), ringTimeout: nil)) : .finished(nil)
    }
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .busy)
    #expect(desk.diverts.map(\.dn) == ["7001", "7002"])
    desk.fail(ConnID(1), .busy)
    #expect(desk.refusals == [480])
    #expect(desk.last(.routeUsed)?.routeType == .reject)
    #expect(desk.last(.routeUsed)?.referenceID == nil)
    #expect(desk.picture.calls.isEmpty)
  }

  @Test func withoutAListTheCallIsRefused() {
    var desk = Self.desk([]) { _, _ in .finished(nil) }
    desk.offer(1, at: "8000")
    #expect(desk.refusals == [480])
    #expect(desk.commands.last == .reject(ConnID(1), status: 480))
  }

  @Test func aFullQueueIsPassedOver() {
    var plan = Sites.floor(agents: 0, defaults: [.queue("9000"), .reject(486)])
    plan.limits.queueLengthMax = 1
    var desk = Desk(plan, ["s": { _, _ in .finished(nil) }])
    desk.offer(1, at: "8000")
    desk.offer(2, at: "8000")
    #expect(desk.refusals == [486])
  }

  @Test func theStrategyIsToldWhyAndGoesOnAfterEachFailure() {
    var desk = Self.desk([]) { _, answers in
      switch answers.count {
      case 0: .requested(.route(.dn("7001"), ringTimeout: .seconds(3)))
      case 1 where answers[0] == .failed(.noAnswer):
        .requested(.route(.dn("7002"), ringTimeout: nil))
      case 2 where answers[1] == .failed(.rejected): .finished(.reject(603))
      default: .failed(.error("unexpected \(answers)"))
      }
    }
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.advance(.seconds(3))
    desk.fail(ConnID(1), .rejected)
    #expect(desk.refusals == [603])
    #expect(desk.last(.error)?.errorMessage == "rejected")
    #expect(desk.last(.error)?.call?.connID == ConnID(1))
  }
}
