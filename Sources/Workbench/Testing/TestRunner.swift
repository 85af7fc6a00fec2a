import Engine
import LuaBridge

/// Runs the tests of a project: real strategies, the real engine, a played line, virtual time.
public struct TestRunner {
  let project: TestProject
  let options: TestOptions
  private(set) var report = TestReport()
  let collector: CoverageCollector?
  private var script: TestScript?
  var worlds: [TestWorld] = []

  /// How often one test may ask something.
  private static let requestsMax = 100_000

  /// Runs all tests of a project.
  ///
  /// - Parameters:
  ///   - project: What to test.
  ///   - options: How.
  ///   - progress: Told of every result as soon as it is there.
  /// - Returns: What came of it.
  public static func run(
    _ project: TestProject,
    _ options: TestOptions = TestOptions(),
    progress: (inout TestReport.Result) -> Void = { _ in }
  ) -> TestReport {
    var runner = TestRunner(project: project, options: options)
    for file in project.tests {
      guard !options.shouldStop() else { break }
      runner.run(file, progress)
    }
    runner.report.isStopped = options.shouldStop()
    runner.report.coverage = runner.collector?.coverage
    return runner.report
  }

  private init(project: TestProject, options: TestOptions) {
    self.project = project
    self.options = options
    collector = options.coverage ? CoverageCollector(project.strategies) : nil
  }

  private mutating func run(
    _ file: TestProject.File,
    _ progress: (inout TestReport.Result) -> Void
  ) {
    if file.path.hasSuffix(".jsonl") {
      run(scenario: file, progress)
      return
    }
    let script: TestScript
    do throws(LuaProblem) {
      script = try TestScript(
        file: file.path,
        bytes: file.bytes,
        strategies: project.strategies,
        keepsCoverage: collector != nil
      )
    } catch {
      let outcome = TestReport.Result.Outcome.failed(error.description)
      add(.init(file: file.path, line: error.line, name: "loads", outcome: outcome), progress)
      return
    }
    defer { collector?.add(script.lineHits) }
    for (index, entry) in script.cases.enumerated() {
      guard !options.shouldStop() else { return }
      if let filter = options.filter, !entry.name.contains(filter) { continue }
      var result = TestReport.Result(
        file: file.path,
        line: entry.line,
        name: entry.name,
        outcome: .pending(nil)
      )
      if !entry.isPending { result.outcome = run(script, index + 1, entry) }
      add(result, progress)
    }
  }

  private mutating func run(
    scenario file: TestProject.File,
    _ progress: (inout TestReport.Result) -> Void
  ) {
    let text = String(decoding: file.bytes, as: UTF8.self)
    let test: ScenarioTest
    do throws(TestMistake) {
      test = try ScenarioTest(file: file.path, text: text)
    } catch {
      let outcome = TestReport.Result.Outcome.failed(error.message)
      add(.init(file: file.path, line: 1, name: "loads", outcome: outcome), progress)
      return
    }
    if let filter = options.filter, !test.title.contains(filter) { return }
    var outcome = TestReport.Result.Outcome.passed
    do throws(TestMistake) {
      try test.run(project.strategies, collector)
    } catch {
      outcome = .failed(error.message)
    }
    add(.init(file: file.path, line: 1, name: test.title, outcome: outcome), progress)
  }

  private mutating func add(
    _ result: TestReport.Result,
    _ progress: (inout TestReport.Result) -> Void
  ) {
    var result = result
    progress(&result)
    report.results.append(result)
  }

  private mutating func run(
    _ script: TestScript,
    _ number: Int,
    _ entry: TestScript.Case
  ) -> TestReport.Result.Outcome {
    worlds = []
    var step = script.start(number)
    var count = 0
    while true {
      switch step {
      case .asked(let request):
        count += 1
        // A loop around `world:advance` costs the script no instructions to speak of.
        guard count <= Self.requestsMax, !options.shouldStop() else {
          worlds = []
          let why = count > Self.requestsMax ? "the test asks its world too often" : "time is up"
          return .failed("\(script.file):\(entry.line): \(why)")
        }
        let answer: TestAnswer
        do throws(TestMistake) {
          answer = .values(try perform(request, in: script.file))
        } catch {
          answer = .failure(error.message)
        }
        step = script.resume(with: answer)
      case .finished(let verdict):
        for world in worlds { world.close() }
        worlds = []
        switch verdict {
        case .passed: return .passed
        case .pending(let reason): return .pending(reason)
        case .failed(let text):
          let isPlaced = text.hasPrefix(script.file + ":")
          return .failed(isPlaced ? text : "\(script.file):\(entry.line): \(text)")
        }
      }
    }
  }

  /// Notes a snapshot that was written.
  mutating func noteWritten(_ path: String) { report.snapshotsWritten.append(path) }
}
