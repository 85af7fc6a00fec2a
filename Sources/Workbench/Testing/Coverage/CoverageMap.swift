import LuaBridge

/// What of a file can be covered: its statements, and the targets that it names.
struct CoverageMap {
  /// A statement, or the condition of an `elseif`.
  struct Unit: Equatable {
    /// The line that stands for it.
    var line: Int
    /// The lines at which Lua may tell of it: its own, without those of the blocks in it.
    var own: [Int]
  }

  /// A target that the file names, as something that can be chosen.
  struct Outcome: Equatable {
    enum Kind: Equatable {
      case dn, agent, queue, any, trunk, reject
    }

    var line: Int
    var column: Int
    /// The lines of the statement that it stands in.
    var statement: ClosedRange<Int>
    var kind: Kind
    /// What its arguments say; nil: computed, or not told apart.
    var literal: [String]?
    /// As it stands in the file, shortened.
    var text: String
  }

  private(set) var units: [Unit] = []
  private(set) var outcomes: [Outcome] = []

  /// Takes a source apart; nil when it does not parse.
  init?(_ source: String) {
    guard case .success(let chunk) = LuaParser.parse(source) else { return nil }
    var walk = CoverageWalk(bindings: chunk.bindings)
    walk.chunk(chunk.body)
    units = walk.units
    outcomes = walk.outcomes.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }
}
