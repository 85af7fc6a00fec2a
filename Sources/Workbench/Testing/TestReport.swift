/// What came of running tests.
public struct TestReport: Sendable {
  /// What came of one test.
  public struct Result: Sendable, Hashable {
    /// How a test ended.
    public enum Outcome: Sendable, Hashable {
      /// As expected.
      case passed
      /// Otherwise; the text begins with `file:line: `.
      case failed(String)
      /// It is still to be written, or gave up; and why.
      case pending(String?)
    }

    /// The file.
    public var file: String
    /// Its line; 0: the whole file.
    public var line: Int
    /// Its name.
    public var name: String
    /// How it ended.
    public var outcome: Outcome
    /// How long it took; set by whoever has a clock.
    public var duration: Duration = .zero

    /// Makes a result.
    public init(file: String, line: Int, name: String, outcome: Outcome) {
      self.file = file
      self.line = line
      self.name = name
      self.outcome = outcome
    }
  }

  /// Every test, in the order in which they ran.
  public var results: [Result] = []
  /// What was covered, if that was asked for.
  public var coverage: Coverage?
  /// Whether it was stopped before its end.
  public var isStopped = false
  /// Snapshots that were written.
  public var snapshotsWritten: [String] = []

  /// Makes an empty report.
  public init() {}

  /// How many tests passed.
  public var passedCount: Int { results.count { $0.outcome == .passed } }

  /// The tests that failed.
  public var failures: [Result] {
    results.filter { if case .failed = $0.outcome { true } else { false } }
  }

  /// How many tests are pending.
  public var pendingCount: Int {
    results.count { if case .pending = $0.outcome { true } else { false } }
  }
}
