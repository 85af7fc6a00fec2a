/// Counts the lines of one file that cannot be used, and gives up when there are too many.
struct BrokenLines {
  private let path: String
  private let question: String
  private var lines = 0
  private var broken = 0
  private var first: (number: Int, reason: String)?

  init(_ path: String, _ question: String) { (self.path, self.question) = (path, question) }

  /// A line is looked at.
  mutating func line(
    _ number: Int,
    _ offset: UInt64,
    _ size: UInt64,
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    lines += 1
    collector.report.lines += 1
    if lines % 4_096 == 0, !progress(offset, size) {
      throw ImportError("stopped at line \(number) of \(path)")
    }
  }

  /// It cannot be used.
  mutating func isBroken(
    _ number: Int,
    _ reason: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    broken += 1
    first = first ?? (number, reason)
    collector.report.isBroken(path, number, reason)
    // Early in a large file, so that nobody waits for what is going to be refused.
    if broken > 100, broken * 4 > lines { throw refusal }
  }

  /// All lines were looked at.
  func finish(_ collector: borrowing FactCollector) throws(ImportError) {
    if broken * 4 > lines { throw refusal }
  }

  private var refusal: ImportError {
    guard let first else { return ImportError("\(path): \(question)") }
    let others = broken > 1 ? "; and \(broken) of \(lines) lines are like it" : ""
    return ImportError("\(path):\(first.number): \(first.reason)\(others): \(question)")
  }
}
