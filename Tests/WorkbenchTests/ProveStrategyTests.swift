import Engine
import LuaBridge
import Simulator
import Testing
import Workbench

@Suite("What a proof makes of a strategy's text")
struct ProveStrategyTests {
  private static func plan() -> Plan {
    var plan = Plan(
      extensions: ["7001", "7002", "7003"].map { ExtensionPlan(DN($0), startsInService: true) },
      agents: [
        AgentPlan("1001", skills: [SkillLevel("sales", 5)], extensionDN: "7001"),
        AgentPlan("1002", extensionDN: "7002"),
      ],
      queues: [QueuePlan("9000")],
      routingPoints: [RoutingPointPlan("8000", strategy: "try", defaults: [.queue("9000")])]
    )
    plan.limits.strategyInstructionsMax = 20_000
    return plan
  }

  private static func prove(
    _ text: String,
    _ plan: Plan = plan(),
    _ change: (inout Proof.Options) -> Void = { _ in }
  ) throws -> Proof.Report {
    let file = StrategySource.File(path: "try.lua", bytes: Array(text.utf8))
    let source = StrategySource(fingerprint: "f", files: [file])
    var options = Proof.Options()
    options.calls = 1
    options.agents = 1
    change(&options)
    return try Proof("try", in: source, plan: plan, options: options).run()
  }

  @Test(
    "Every way to go wrong has its kind",
    arguments: [
      ("return function(call) while true do end end", .failed, 1),
      ("return function(call) error('no') end", .failed, 1),
      ("return function(call) return dn '7999' end", .failed, 1),
      ("return function(call) return dn '7003' end", .outOfService, 1),
      ("return function(call) while true do call:note('again') end end", .loop, 1),
      ("return function(call) call:select(agent '1002') return ANY end", .unserved, 1),
      ("return function(call) if call:wait(3) then return nil end end", .failed, 2),
      (
        "return function(call) if call:treat { announce = 'a' } then return end return ANY end",
        .failed, 2
      ),
      (
        "return function(call) if not call:header('Subject') then return end return ANY end",
        .failed, 2
      ),
      ("return function(call) if random(2) == 1 then return end return ANY end", .failed, 1),
      // A busy phone is found by its reason, so reasons are told apart.
      (
        "return function(call) local _, why = call:route(agent '1001')\n"
          + "if why == 'rejected' then return end return ANY end", .failed, 2
      ),
      // Sundays only.
      (
        "return function(call) if call.now // 86400 % 7 == 3 then return end return ANY end",
        .failed, 1
      ),
      // This caller only.
      (
        "return function(call) if call.ani == '442071838750' then return end return ANY end",
        .failed, 1
      ),
      // The second call only: the first one talks with the only agent.
      (
        "return function(call) if call:select(ANY, { timeout = 0 }) then return agent '1001' end\n"
          + "if agents.logged_in() > 0 and agents.available() == 0 and call.id == '' then end\n"
          + "return queue '9000' end", nil, 0
      ),
    ] as [(String, ProofKind?, Int)]
  )
  func kinds(_ text: String, _ kind: ProofKind?, _ signals: Int) throws {
    let report = try Self.prove(text)
    #expect(report.outcome.finding?.kind == kind)
    #expect(report.outcome.finding?.path.count ?? 0 == signals)
    #expect(report.isProven == (kind == nil))
  }

  @Test("A call that nobody saves is lost")
  func lost() throws {
    var plan = Self.plan()
    plan.routingPoints[0].defaults = [.dn("7002")]
    let report = try Self.prove("return function(call) return ANY end", plan)
    #expect(report.outcome.finding?.kind == .lost)
    // What the strategy refuses is not lost.
    let refused = try Self.prove("return function(call) return reject(486) end", plan)
    #expect(refused.isProven)
  }

  @Test("What takes two calls is found with two calls")
  func twoCalls() throws {
    let text =
      "return function(call) if queues['9000'].waiting > 0 then return end return queue '9000' end"
    #expect(try Self.prove(text).isProven)
    let report = try Self.prove(text) { $0.calls = 2 }
    #expect(report.outcome.finding?.kind == .failed)
    // Both must come, and nobody serves the first.
    #expect(report.outcome.finding?.path.count == 2)
    #expect(report.outcome.finding?.path.allSatisfy { $0 == .arrive(0) } == true)
  }

  @Test("A strategy that keeps something between calls cannot be compared, and is told so")
  func keepsState() {
    let text =
      "local count = 0\nreturn function(call) count = count + 1\n"
      + "call:wait(count) call:wait(1) call:treat { announce = 'a' } return ANY end"
    #expect(throws: Proof.Problem.self) { try Self.prove(text) { $0.calls = 2 } }
  }

  @Test("Chance is sampled, and that is told")
  func chance() throws {
    let report = try Self.prove("return function(call) call:wait(random(3)) return ANY end")
    #expect(report.isSampled)
    #expect(report.isProven)
    #expect(report.lines(file: nil).contains { $0.hasPrefix("chance was sampled") })
  }

  @Test("Equal searches give equal reports")
  func deterministic() throws {
    let text = "return function(call) call:route(agent '1001') return ANY end"
    let first = try Self.prove(text)
    let second = try Self.prove(text)
    #expect(first.json(file: nil) == second.json(file: nil))
  }
}
