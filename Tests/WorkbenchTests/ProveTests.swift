import Engine
import Foundation
import Service
import Simulator
import TestSupport
import Testing
import Workbench

@Suite("Proofs over small worlds")
struct ProveTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func report(
    _ path: String,
    site: String? = nil,
    _ change: (inout Proof.Options) -> Void
  ) throws -> Proof.Report {
    let input = try ProofInput(
      strategy: root.appendingPathComponent(path).path,
      site: site.map { root.appendingPathComponent($0).path }
    )
    var options = Proof.Options()
    options.calls = 1
    change(&options)
    return try Proof(input.strategy, in: input.source, plan: input.plan, options: options).run()
  }

  /// The fewest signals that show what is wrong, which stands in each file.
  ///
  /// A call must come; a timeout must pass or a phone must refuse before the branch behind it is
  /// reached.
  private static let wrong: [(String, ProofKind, Int)] = [
    ("nil_index", .failed, 2),
    ("no_target", .failed, 2),
    ("dead_end", .outOfService, 2),
    ("retry", .loop, 1),
    ("no_timeout", .unserved, 1),
  ]

  @Test(
    "Every wrong strategy gives a counterexample, and one signal less gives none",
    .timeLimit(.minutes(15)),
    arguments: wrong
  )
  func wrongStrategies(_ name: String, _ kind: ProofKind, _ signals: Int) throws {
    let path = "Tests/Corpus/prove/\(name).lua"
    let found = try Self.report(path) { $0.calls = 2 }
    #expect(found.outcome.finding?.kind == kind)
    #expect(found.outcome.finding?.path.count == signals)
    #expect(found.counterexample?.signalCount == signals)
    #expect(!found.isProven)
    // The search is breadth first; that nothing lies nearer is shown by looking nowhere else.
    let shorter = try Self.report(path) {
      $0.calls = 2
      $0.signalsMax = signals - 1
    }
    #expect(shorter.outcome.finding == nil)
    #expect(shorter.outcome.isWithinBound)
  }

  @Test("A counterexample is a scenario that runs without Lua", arguments: wrong)
  func scenario(_ name: String, _ kind: ProofKind, _ signals: Int) throws {
    let report = try Self.report("Tests/Corpus/prove/\(name).lua") { _ in }
    let counterexample = try #require(report.counterexample)
    let text = counterexample.scenario(site: "site.lua", folder: ".")
    let scenario = try Scenario(name: name, text: text)
    let run = ScenarioRun(scenario)
    #expect(run.problems == [])
    // The steps in it came from the bridge itself, not from the tree of runs.
    #expect(scenario.title.hasPrefix(kind.rawValue))
    #expect(scenario.notes == counterexample.story)
    let isDefault = text.contains("\"RouteType\":1")
    #expect(isDefault == (kind != .unserved))
  }

  @Test("A counterexample is told in words")
  func story() throws {
    let report = try Self.report("Tests/Corpus/prove/no_target.lua") { $0.agents = 2 }
    let story = try #require(report.counterexample?.story)
    #expect(
      story == [
        "Ana (1001) is ready at 7001; Bela (1002) is ready at 7002.",
        "1. A call comes to 8002 from 441632960000.",
        "   the strategy selects any { sales > 0 }",
        "   the strategy hears \"selected agent:1001\"; the strategy routes to agent \"1001\"",
        "   the call is sent to dn:7001",
        "2. The phone does not take the call: busy.",
        "   the strategy hears \"busy\"; the strategy notes \"he did not take it\"",
        "   the strategy ends with nothing",
        "   the default route takes the call to 9000",
        "   the call waits in queue 9000",
        "   the call is sent to dn:7002",
        "failed: it ended without a target. "
          + "The strategy broke off, and the default route had to save the call.",
      ]
    )
  }

  @Test("The example in docs/prove.md is what comes out")
  func documented() throws {
    let report = try Self.report("Tests/Corpus/prove/no_target.lua") { $0.calls = 2 }
    let page = try String(
      contentsOf: Self.root.appendingPathComponent("docs/prove.md"),
      encoding: .utf8
    )
    let shown = report.lines(file: "prove-no_target.jsonl").map { $0.isEmpty ? "" : "    " + $0 }
    #expect(page.contains(shown.joined(separator: "\n")))
    for kind in ProofKind.allCases { #expect(page.contains("`\(kind.rawValue)`")) }
  }

  @Test(
    "The shipped strategies pass",
    .timeLimit(.minutes(15)),
    arguments: [("any", 2), ("sales", 2), ("hours", 2), ("vip", 1), ("test_callers", 2)]
  )
  func shipped(_ name: String, _ agents: Int) throws {
    let report = try Self.report("strategies/\(name).lua", site: "site.lua") {
      $0.agents = agents
    }
    #expect(report.outcome.finding == nil)
    #expect(report.outcome.isExhausted)
    #expect(report.outcome.coverage.states > 20)
    #expect(report.outcome.coverage.interleavings > 1e6)
    let coverage = report.outcome.coverage
    print("\(name): \(coverage.states) states, \(coverage.steps) steps")
  }

  @Test("What is allowed can be denied, and what is not can be allowed")
  func kinds() throws {
    let denied = try Self.report("strategies/sales.lua", site: "site.lua") {
      $0.agents = 2
      $0.denied = [.unattended]
    }
    #expect(denied.outcome.finding?.kind == .unattended)
    #expect(denied.outcome.finding?.path.count == 2)
    let allowed = try Self.report("Tests/Corpus/prove/no_timeout.lua") {
      $0.agents = 1
      $0.allowed = [.unserved]
    }
    #expect(allowed.outcome.finding == nil)
    #expect(allowed.outcome.isExhausted)
    #expect(allowed.outcome.seen.contains { $0.kind == .unserved && $0.path.count == 1 })
  }

  @Test("A search that gives up does not say that it has tried everything")
  func notExhausted() throws {
    let report = try Self.report("strategies/any.lua", site: "site.lua") { $0.statesMax = 60 }
    #expect(report.outcome.finding == nil)
    #expect(!report.outcome.isExhausted)
    #expect(!report.isProven)
    #expect(report.lines(file: nil).first == "any: nothing found, but not exhausted")
  }

  @Test("Somebody who says stop is told what was covered")
  func stopped() throws {
    let input = try ProofInput(
      strategy: Self.root.appendingPathComponent("strategies/any.lua").path,
      site: Self.root.appendingPathComponent("site.lua").path
    )
    var asked = 0
    let proof = Proof(input.strategy, in: input.source, plan: input.plan, options: .init())
    let report = try proof.run { coverage in
      asked += 1
      return coverage.walked < 1_024
    }
    #expect(asked == 2)
    #expect(report.outcome.coverage.walked == 1_024)
    #expect(!report.isProven)
  }
}
