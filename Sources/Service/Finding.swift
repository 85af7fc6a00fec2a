/// A mistake, or something worth a word, at a place in a file.
public struct Finding: Sendable, Hashable {
  /// How bad it is.
  public enum Severity: String, Sendable, Hashable {
    case error
    case warning
  }

  /// The file, as the user named it.
  public var file: String
  /// The line, from 1.
  public var line: Int
  /// The column, from 1; 0 when it is not known.
  public var column: Int
  /// How bad it is.
  public var severity: Severity
  /// What is wrong, in one line.
  public var message: String

  /// Makes a finding.
  public init(
    file: String,
    line: Int,
    column: Int = 0,
    severity: Severity = .error,
    message: String
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.severity = severity
    self.message = message
  }

  /// The finding as `serve` prints it: `site.lua:12: message`.
  public var short: String {
    let word = severity == .warning ? "warning: " : ""
    return "\(file):\(line): \(word)\(message)"
  }

  /// The finding as `check` prints it: `file:line:column: error: message`.
  public var long: String {
    "\(file):\(line):\(max(column, 1)): \(severity.rawValue): \(message)"
  }
}
