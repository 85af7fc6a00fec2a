/// A step on the way of a new version of the strategies into use; each can fail, none half-way.
package enum ReloadPhase: String, Sendable, Hashable, CaseIterable {
  /// The files are read.
  case read
  /// They are checked, compiled, run once and frozen.
  case compile
  /// Their own tests are run.
  case selfTest = "self-test"
  /// What strategies keep from call to call is given to the new ones.
  case handOver = "hand-over"
  /// New calls start in the new version.
  case switching = "switch"
}

/// Why a version of the strategies did not come into use; the one before was left alone.
package struct ReloadFailure: Error, Sendable, Hashable {
  /// Where it ended; nil: before the first phase.
  package var phase: ReloadPhase?
  /// What is wrong, and where.
  package var findings: [Finding]

  /// Makes a failure of several findings.
  package init(_ phase: ReloadPhase?, _ findings: [Finding]) {
    self.phase = phase
    self.findings = findings
  }

  /// Makes a failure of one finding, which concerns a file or folder as a whole.
  package init(_ phase: ReloadPhase?, _ file: String, _ message: String) {
    self.init(phase, [Finding(file: file, line: 1, column: 1, message: message)])
  }

  /// In one line, for people: `reload failed in phase compile: 2 errors`.
  package var summary: String {
    let errors = findings.filter { $0.severity == .error }.count
    let count = errors == 1 ? "1 error" : "\(errors) errors"
    guard let phase else { return findings.first?.message ?? count }
    return "reload failed in phase \(phase.rawValue): \(count)"
  }
}
