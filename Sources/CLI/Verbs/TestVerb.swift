internal import Glibc
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
      Verb.Flag(name: "--only-failures", summary: "say nothing of tests that pass"),
      Verb.Flag(name: "--coverage", summary: "lines that ran, targets that were chosen"),
      Verb.Flag(
        name: "--fail-under",
        value: "N",
        summary: "fail when less than N per cent of lines or targets are covered"
      ),
      Verb.Flag(name: "--junit", value: "FILE", summary: "write the results as JUnit's XML"),
      Verb.Flag(name: "--tap", summary: "print the results as TAP"),
      Verb.Flag(name: "--lcov", value: "FILE", summary: "write the coverage as LCOV's trace"),
      Verb.Flag(name: "--update-snapshots", summary: "write the snapshots instead of comparing"),
      Verb.Flag(name: "--watch", summary: "run again when a file changes, until Ctrl-C"),
      Verb.Flag(name: "--seed", value: "N", summary: "the seed of all chance (default: 1)"),
    ],
    example: "pointsman test strategies --coverage --fail-under 100",
    operandCount: 1...1_000,
    run: run
  )

  /// What was asked for.
  private struct Wishes {
    var options = TestOptions()
    var failUnder: Double?
    let invocation: Invocation

    init(_ invocation: Invocation) throws {
      self.invocation = invocation
      options.seed = try invocation.number("--seed") ?? 1
      options.filter = invocation["--filter"]
      options.updatesSnapshots = invocation.has("--update-snapshots")
      if let text = invocation["--fail-under"] {
        guard let percent = Double(text), percent >= 0, percent <= 100 else {
          throw UsageError("--fail-under needs a number from 0 to 100, not \"\(text)\"")
        }
        failUnder = percent
      }
      options.coverage =
        invocation.has("--coverage") || invocation.has("--lcov") || failUnder != nil
    }

    var isQuiet: Bool { invocation.json || invocation.has("--tap") }
  }

  private static func run(_ invocation: Invocation) throws -> Outcome {
    let wishes = try Wishes(invocation)
    guard invocation.has("--watch") else { return try runOnce(wishes) }
    let projects = try TestProjects.find(invocation.operands, site: invocation["--site"])
    var watch = try TestWatch(projects, paths: invocation.operands)
    var outcome = Outcome.well
    while true {
      do {
        outcome = try runOnce(wishes)
      } catch let error as ServiceError {
        // A file that is broken for now is no reason to stop.
        Console.complain("pointsman: \(error.message)")
        outcome = .impossible
      }
      Console.complain("waiting for changes (Ctrl-C ends)")
      guard let changed = try watch.next() else { return outcome }
      Console.complain("changed: \(changed)")
    }
  }

  private static func runOnce(_ wishes: Wishes) throws -> Outcome {
    let invocation = wishes.invocation
    let clock = ContinuousClock()
    let began = clock.now
    var last = began
    var all = TestReport()
    for project in try TestProjects.find(invocation.operands, site: invocation["--site"]) {
      let report = TestRunner.run(project, wishes.options) { result in
        let now = clock.now
        result.duration = now - last
        last = now
        all.results.append(result)
        if !wishes.isQuiet { show(result, all, wishes) }
      }
      all.snapshotsWritten += report.snapshotsWritten
      if let coverage = report.coverage {
        all.coverage = all.coverage ?? Coverage()
        all.coverage?.files += coverage.files
      }
    }
    clearProgress()
    guard !all.results.isEmpty else {
      let what = wishes.options.filter.map { "no test's name contains \"\($0)\"" }
      throw ServiceError(what ?? "no tests found (files named *_test.lua)")
    }
    try write(all, wishes)
    return report(all, took: clock.now - began, wishes)
  }

  // MARK: Showing

  private static func show(_ result: TestReport.Result, _ all: TestReport, _ wishes: Wishes) {
    let onlyFailures = wishes.invocation.has("--only-failures")
    let at = "\(result.file):\(result.line)"
    clearProgress()
    switch result.outcome {
    case .passed:
      if !onlyFailures { Console.print("ok       \(at) \(result.name)") }
    case .pending(let reason):
      let why = reason.map { ": \($0)" } ?? ""
      if !onlyFailures { Console.print("pending  \(at) \(result.name)\(why)") }
    case .failed(let text):
      Console.print("FAILED   \(at) \(result.name)")
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        Console.print("  \(line)")
      }
    }
    showProgress("\(all.results.count) tests, \(all.failures.count) failed")
  }

  private static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

  private static func showProgress(_ text: String) {
    if isWatched { Console.complain("\u{1B}[2K\(text)\u{1B}[1A") }
  }

  private static func clearProgress() {
    if isWatched { Console.complain("\u{1B}[2K\u{1B}[1A") }
  }

  // MARK: Reporting

  private static func write(_ report: TestReport, _ wishes: Wishes) throws {
    let invocation = wishes.invocation
    if let path = invocation["--junit"], !Files.write(report.junit, to: path) {
      throw ServiceError("cannot write \(path)")
    }
    if let path = invocation["--lcov"], let coverage = report.coverage,
      !Files.write(coverage.lcov, to: path)
    {
      throw ServiceError("cannot write \(path)")
    }
  }

  private static func report(
    _ report: TestReport,
    took: Duration,
    _ wishes: Wishes
  ) -> Outcome {
    var isWell = report.failures.isEmpty
    var complaints: [String] = []
    if let least = wishes.failUnder, let coverage = report.coverage {
      for (what, counts) in [("lines", coverage.lineCounts), ("outcomes", coverage.outcomeCounts)] {
        let percent = Coverage.percent(counts)
        guard percent < least else { continue }
        isWell = false
        complaints.append("coverage of \(what) is \(percent) %, less than \(short(least)) %")
      }
    }
    if wishes.invocation.json {
      Console.print(report.json(took: took))
    } else if wishes.invocation.has("--tap") {
      Console.write(report.tap)
    } else {
      if let coverage = report.coverage {
        Console.print("\n\(coverage.table)")
        for line in coverage.unchosen { Console.print(line) }
      }
      for path in report.snapshotsWritten { Console.print("wrote \(path)") }
      Console.print(summary(report, took, isWell))
    }
    for complaint in complaints { Console.complain("pointsman: \(complaint)") }
    return isWell ? .well : .found
  }

  private static func summary(_ report: TestReport, _ took: Duration, _ isWell: Bool) -> String {
    let pending = report.pendingCount
    let rest = pending == 0 ? "" : ", \(pending) pending"
    let ran = report.results.count - pending
    let hundredths = Int(took / .milliseconds(10))
    let seconds = "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
    return "\(isWell ? "PASS" : "FAIL"): \(report.passedCount)/\(ran)\(rest) (\(seconds) s)"
  }

  private static func short(_ number: Double) -> String {
    number == number.rounded() ? "\(Int(number))" : "\(number)"
  }
}
