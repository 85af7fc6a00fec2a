/// What the tests of a project covered of its strategies.
public struct Coverage: Sendable, Hashable {
  /// A file, line by line and target by target.
  public struct File: Sendable, Hashable {
    /// Its path as messages name it.
    public var path: String
    /// The lines with a statement on them, in order, and how often they ran.
    public var lines: [Line]
    /// The targets that it names, and how often each was chosen.
    public var outcomes: [Outcome]

    /// How many lines ran.
    public var coveredLineCount: Int { lines.count { $0.hits > 0 } }
    /// How many targets were chosen.
    public var chosenCount: Int { outcomes.count { $0.hits > 0 } }
  }

  /// A line with a statement on it.
  public struct Line: Sendable, Hashable {
    /// Its number.
    public var number: Int
    /// How often it ran.
    public var hits: Int
  }

  /// A target that a file names.
  public struct Outcome: Sendable, Hashable {
    /// Its line.
    public var line: Int
    /// Its column.
    public var column: Int
    /// As it stands there.
    public var text: String
    /// How often it was chosen: returned, routed to, or the one that a selection gave.
    public var hits: Int
  }

  /// The files, by path.
  public var files: [File] = []

  /// Makes an empty coverage.
  public init() {}

  /// Lines with statements, and those that ran.
  public var lineCounts: (all: Int, covered: Int) {
    (files.reduce(0) { $0 + $1.lines.count }, files.reduce(0) { $0 + $1.coveredLineCount })
  }

  /// Targets, and those that were chosen.
  public var outcomeCounts: (all: Int, covered: Int) {
    (files.reduce(0) { $0 + $1.outcomes.count }, files.reduce(0) { $0 + $1.chosenCount })
  }

  /// A share in per cent, rounded down to a tenth so that 100 means all; nothing at all is all.
  public static func percent(_ counts: (all: Int, covered: Int)) -> Double {
    guard counts.all > 0 else { return 100 }
    return Double(counts.covered * 1_000 / counts.all) / 10
  }
}
