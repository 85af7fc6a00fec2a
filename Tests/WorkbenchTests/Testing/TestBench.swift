import Engine
import LuaBridge
import Service
import Workbench

/// Projects of a few lines, for tests of the test runner.
enum TestBench {
  /// Agents 1001 and 1002 at 7001 and 7002, who sell; queue 9000; routing point 8000; a trunk.
  static let site: Plan = {
    var plan = Plan(
      extensions: [ExtensionPlan("7001"), ExtensionPlan("7002"), ExtensionPlan("7003")],
      agents: [
        AgentPlan("1001", skills: [SkillLevel("sales", 7)], extensionDN: "7001"),
        AgentPlan("1002", skills: [SkillLevel("sales", 3)], extensionDN: "7002"),
      ],
      queues: [QueuePlan("9000", name: "sales")],
      routingPoints: [RoutingPointPlan("8000", strategy: "s", defaults: [.queue("9000")])]
    )
    plan.trunks = ["carrier"]
    return plan
  }()

  /// A project of one strategy `s`, further files, and the tests of `tests/a_test.lua`.
  static func project(
    _ strategy: String,
    files: [(path: String, text: String)] = [],
    tests: String,
    snapshots: TestProject.Snapshots = .none
  ) -> TestProject {
    let all = [("s.lua", strategy)] + files
    let source = StrategySource(
      fingerprint: "f",
      files: all.map { StrategySource.File(path: $0.0, bytes: Array($0.1.utf8)) }
    )
    return TestProject(
      folder: "strategies",
      strategies: source,
      tests: [TestProject.File(path: "tests/a_test.lua", bytes: Array(tests.utf8))],
      site: SiteSource.Site(plan: site, origin: "site.lua"),
      sites: .files,
      snapshots: snapshots
    )
  }

  /// Runs tests of a strategy.
  static func run(
    _ tests: String,
    _ options: TestOptions = TestOptions(),
    strategy: String = any,
    files: [(path: String, text: String)] = []
  ) -> TestReport {
    TestRunner.run(project(strategy, files: files, tests: tests), options)
  }

  /// What went wrong in the only test with this body; nil: nothing.
  static func failure(
    in body: String,
    strategy: String = any,
    files: [(path: String, text: String)] = []
  ) -> String? {
    let text = "it(\"is so\", function()\n\(body)\nend)"
    let report = run(text, strategy: strategy, files: files)
    guard report.results.count == 1 else { return "there are \(report.results.count) tests" }
    switch report.results[0].outcome {
    case .passed: return nil
    case .pending: return "pending"
    case .failed(let text): return text
    }
  }

  /// The strategy of those who do not name one.
  static let any = "return function(call) return ANY end"
}
