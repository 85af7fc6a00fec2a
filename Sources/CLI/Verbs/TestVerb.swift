internal import Service
internal import Workbench

/// `pointsman test`.
enum TestVerb {
  static let verb = Verb(
    name: "test",
    operands: "PATH…",
    summary: "run strategy tests (*_test.lua)",
    flags: [
      Verb.Flag(
        name: "--site",
        value: "FILE",
        summary: "the site (default: site.lua with the strategies or above)"
      ),
      Verb.Flag(name: "--filter", value: "TEXT", summary: "only tests whose names contain TEXT"),
      Verb.Flag(name: "--seed", value: "N", summary: "the seed of all chance (default: 1)"),
      Verb.Flag(name: "--only-failures", summary: "say nothing of tests that pass"),
      Verb.Flag(name: "--update-snapshots", summary: "write the snapshots instead of comparing"),
    ],
    example: "pointsman test strategies --coverage --fail-under 100",
    operandCount: 1...1_000,
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    var options = TestOptions()
    options.seed = try invocation.number("--seed") ?? 1
    options.filter = invocation["--filter"]
    options.updatesSnapshots = invocation.has("--update-snapshots")
    let projects = try TestProjects.find(invocation.operands, site: invocation["--site"])
    var all = TestReport()
    let clock = ContinuousClock()
    let began = clock.now
    for project in projects {
      let report = TestRunner.run(project, options) { result in
        show(result, invocation)
      }
      all.results += report.results
    }
    let took = clock.now - began
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    let rest = all.pendingCount == 0 ? "" : ", \(all.pendingCount) pending"
    let word = all.failures.isEmpty ? "PASS" : "FAIL"
    Console.print(
      "\(word): \(all.passedCount)/\(all.results.count - all.pendingCount)\(rest)"
        + " (\(Double(Int(seconds * 100)) / 100) s)"
    )
    return all.failures.isEmpty ? .well : .found
  }

  private static func show(_ result: TestReport.Result, _ invocation: Invocation) {
    switch result.outcome {
    case .passed:
      guard !invocation.has("--only-failures") else { return }
      Console.print("ok      \(result.file) \(result.name)")
    case .pending(let reason):
      guard !invocation.has("--only-failures") else { return }
      Console.print("pending \(result.file) \(result.name)\(reason.map { ": \($0)" } ?? "")")
    case .failed(let text):
      Console.print("FAILED  \(result.file) \(result.name)\n\(text)")
    }
  }
}
