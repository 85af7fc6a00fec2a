import Engine
import Simulator
import TestSupport
import Testing
import Wire

@Suite("Decision records: why, and why not")
struct DecisionTests {
  /// Agents 1001 (sales 7, english 9), 1002 (sales 7, english 1), 1003 (support 5), 1004 (as 1001).
  private static func desk(_ change: (inout Plan) -> Void = { _ in }) -> Desk {
    var plan = Sites.floor(agents: 4)
    let skills: [[SkillLevel]] = [
      [SkillLevel("sales", 7), SkillLevel("english", 9)],
      [SkillLevel("sales", 7), SkillLevel("english", 1)],
      [SkillLevel("support", 5)],
      [SkillLevel("sales", 7), SkillLevel("english", 9)],
    ]
    for index in plan.agents.indices { plan.agents[index].skills = skills[index] }
    change(&plan)
    let wanted = Target.any(AgentFilter(skills: "sales >= 5 and english > 2"))
    return Desk(
      plan,
      [
        "s": { _, answers in
          switch answers.last {
          case nil: .requested(.select(Selection([wanted], timeout: .seconds(20))))
          case .selected(let target): .requested(.route(target, ringTimeout: nil))
          default: .finished(nil)
          }
        }
      ]
    )
  }

  private static func verdicts(_ step: DecisionStep?) -> [String] {
    step?.candidates.map { "\($0.agent.text): \($0.verdict.words)" } ?? []
  }

  private static func record(_ desk: borrowing Desk, _ call: UInt64) throws -> DecisionRecord {
    let record = desk.shard.decision(of: ConnID(call))
    return try #require(record)
  }

  private static func asked(_ record: DecisionRecord) -> DecisionStep? {
    record.steps.first { if case .asked(.select, _) = $0.kind { true } else { false } }
  }

  @Test("Every agent is a candidate, with the rule that dropped him")
  func candidates() throws {
    var desk = Self.desk()
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.advance(.seconds(3))
    desk.notReady("1004")
    desk.offer(2, at: "8000")
    let first = try Self.record(desk, 1)
    #expect(
      Self.verdicts(Self.asked(first)) == [
        "1001: chosen", "1002: english 1, needs > 2", "1003: sales 0, needs >= 5",
        "1004: available since 0 s; another came first by the rule",
      ]
    )
    let second = try Self.record(desk, 2)
    #expect(
      Self.verdicts(Self.asked(second)) == [
        "1001: ringing since 3 s, call 0000000000000001", "1002: english 1, needs > 2",
        "1003: sales 0, needs >= 5", "1004: not ready since 0 s",
      ]
    )
  }

  @Test("A record tells what agents were then, whatever they are now")
  func thePast() throws {
    var desk = Self.desk()
    desk.logout("1004")
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    desk.advance(.seconds(60))
    desk.hangUp(1)
    desk.notReady("1001")
    desk.login("1004")
    desk.ready("1004")
    let record = try Self.record(desk, 1)
    #expect(Self.verdicts(Self.asked(record)).first == "1001: chosen")
    #expect(Self.verdicts(Self.asked(record)).last == "1004: logged out since 0 s")
    #expect(record.steps.last?.kind == .ended(.released))
  }

  @Test("A call that waits, and one that takes the default route, say for what and why")
  func waitAndDefault() throws {
    var desk = Self.desk()
    desk.notReady("1001")
    desk.notReady("1004")
    desk.offer(1, at: "8000")
    desk.offer(2, at: "8000")
    desk.advance(.seconds(5))
    desk.ready("1004")
    desk.ring(ConnID(1))
    desk.advance(.seconds(60))
    let lines = try DecisionText.lines(Self.record(desk, 1))
    #expect(lines.contains { $0.contains("+5.000  -> agent \"1004\"") })
    #expect(lines.contains { $0.contains("came to nothing: no_answer") })
    let other = try DecisionText.lines(Self.record(desk, 2))
    #expect(other.contains { $0.hasSuffix("-> nil, \"timeout\"") })
    #expect(other.contains { $0.contains("default route: the strategy ended without a target") })
  }

  @Test("A queue's step says who does not serve it")
  func queue() throws {
    var desk = Self.desk { $0.queues = [QueuePlan("9000", agents: "support > 0")] }
    desk.notReady("1003")
    desk.offer(1, at: "9000")
    let record = try Self.record(desk, 1)
    let step = record.steps.first { if case .queued = $0.kind { true } else { false } }
    #expect(
      Self.verdicts(step) == [
        "1001: does not serve queue 9000: support 0, needs > 0",
        "1002: does not serve queue 9000: support 0, needs > 0", "1003: not ready since 0 s",
        "1004: does not serve queue 9000: support 0, needs > 0",
      ]
    )
  }

  @Test(
    "What an expression misses",
    arguments: [
      ("a > 1 and b > 1", "b 0, needs > 1"), ("a > 9 and b > 1", "a 5, needs > 9"),
      ("a > 9 or b > 1", "a 5, needs > 9, or b 0, needs > 1"), ("not (a > 1)", "a 5, needs <= 1"),
      ("not (a > 1 and b < 1)", "a 5, needs <= 1, or b 0, needs >= 1"),
      ("group(g)", "not in group g"), ("not a", "a 5, needs <= 0"),
    ]
  )
  func misses(_ text: String, _ words: String) throws {
    var plan = Sites.floor(agents: 1)
    plan.agents[0].skills = [SkillLevel("a", 5)]
    plan.groups = [AgentGroupPlan("g", agents: [])]
    let target = Target.any(AgentFilter(skills: text))
    var desk = Desk(plan, ["s": { _, _ in .finished(target) }])
    desk.offer(1, at: "8000")
    let record = try Self.record(desk, 1)
    let step = record.steps.first { !$0.candidates.isEmpty }
    #expect(Self.verdicts(step) == ["1001: \(words)"])
  }

  @Test("A call that was transferred: what its consult call's strategy decided is its own")
  func transferred() throws {
    var desk = Self.desk()
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    var offer = CallOffer(ConnID(2), at: "8000", ani: "7001", type: .consult)
    offer.consultOf = ConnID(1)
    desk.line(.offered(offer))
    desk.ring(ConnID(2))
    let open = try Self.record(desk, 2)
    #expect(DecisionText.lines(open).last == "  it is still here")
    desk.line(.transferred(ConnID(2), into: ConnID(1)))
    desk.answer(ConnID(1))
    desk.hangUp(1)
    let consult = DecisionText.lines(try Self.record(desk, 2))
    #expect(consult.last == "     +0.000  transferred: it goes on as call 0000000000000001")
    let record = try Self.record(desk, 1)
    #expect(record.entrance?.attributes.connID == ConnID(1))
    let story = DecisionText.lines(record).dropFirst().map { $0.dropFirst(13) }
    #expect(
      story.filter { !$0.hasPrefix("  ") && !$0.hasPrefix("-> ") } == [
        "strategy s", "select any { skills = \"sales >= 5 and english > 2\" }, timeout 20 s",
        "route agent \"1001\"", "sent to 7001, agent 1001 (attempt 1)", "the phone rings",
        "answered", "consult call 0000000000000002 to 8000", "strategy s",
        "select any { skills = \"sales >= 5 and english > 2\" }, timeout 20 s",
        "route agent \"1004\"", "sent to 7004, agent 1004 (attempt 1)", "the phone rings",
        "transferred by 7001: the caller is where call 0000000000000002 was", "answered",
        "over: somebody hung up after they had talked",
      ]
    )
  }

  @Test("Old records make room for new ones, and none are kept when the limit says so")
  func room() {
    var desk = Self.desk { $0.limits.decisionsKept = 40 }
    for call: UInt64 in 1...20 {
      desk.offer(call, at: "8000")
      desk.hangUp(call)
    }
    let (first, last) = (desk.shard.decision(of: ConnID(1)), desk.shard.decision(of: ConnID(20)))
    #expect(first == nil)
    #expect(last?.isCut == false)
    var without = Self.desk { $0.limits.decisionsKept = 0 }
    without.offer(1, at: "8000")
    let none = without.shard.decision(of: ConnID(1))
    #expect(none == nil)
  }

  @Test(
    "What records say agrees with what the engine does",
    arguments: 1...20 as ClosedRange<UInt64>
  )
  func agreement(_ seed: UInt64) {
    var world = World(seed: seed)
    world.torment(signals: 3_000)
    var looked = 0
    for call in 1...UInt64(max(1, world.callCount)) {
      guard let record = world.decision(of: ConnID(call)), !record.isCut else { continue }
      for step in record.steps where !step.candidates.isEmpty {
        looked += 1
        let chosen = step.candidates.count { $0.verdict == .chosen }
        #expect(chosen <= 1, "seed \(seed), call \(call): \(step.kind)")
      }
    }
    #expect(looked > 0)
  }
}
