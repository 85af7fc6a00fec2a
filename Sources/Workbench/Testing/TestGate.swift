public import LuaBridge

/// Lets strategies through only when their own tests pass: the gate before a new generation.
public enum TestGate {
  /// What the gate says.
  public enum Verdict: Sendable, Hashable {
    /// All tests passed; so many.
    case passed(count: Int)
    /// These did not.
    case failed([LuaProblem])
    /// Time was up after so many; whether the others pass is not known.
    case outOfTime(after: Int)
  }

  /// Runs all tests of a project.
  ///
  /// It takes as long as the tests do: never call it on a thread that owns calls.
  ///
  /// - Parameters:
  ///   - project: The new strategies, with their tests and the site.
  ///   - isOver: Asked again and again: whether the deadline has passed.
  /// - Returns: Whether the strategies may go live.
  public static func run(
    _ project: TestProject,
    until isOver: @escaping @Sendable () -> Bool
  ) -> Verdict {
    var options = TestOptions()
    options.shouldStop = isOver
    let report = TestRunner.run(project, options)
    let problems = report.failures.map { result -> LuaProblem in
      guard case .failed(let text) = result.outcome else {
        return LuaProblem(file: result.file, line: result.line, message: "")
      }
      return Self.problem(result, text)
    }
    if report.isStopped { return .outOfTime(after: report.results.count) }
    return problems.isEmpty ? .passed(count: report.passedCount) : .failed(problems)
  }

  /// The first line of a failure, at its place.
  private static func problem(_ result: TestReport.Result, _ text: String) -> LuaProblem {
    var line = result.line
    var rest = text.prefix { $0 != "\n" }
    if rest.hasPrefix(result.file + ":") {
      rest = rest.dropFirst(result.file.count + 1)
      let digits = rest.prefix { $0.isNumber }
      if let number = Int(digits), rest.dropFirst(digits.count).first == ":" {
        line = number
        rest = rest.dropFirst(digits.count + 1).drop { $0 == " " }
      }
    }
    let message = "test \"\(result.name)\": \(rest)"
    return LuaProblem(file: result.file, line: line, message: message)
  }
}
