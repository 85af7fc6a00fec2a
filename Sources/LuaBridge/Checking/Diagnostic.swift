/// One thing that is wrong, or looks wrong, in a strategy or a site file.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  /// How bad it is: an error keeps a file out of service, a warning does not.
  public enum Severity: String, Sendable {
    /// The file must not be taken into service.
    case error

    /// The file works, but probably not as meant.
    case warning
  }

  /// The file's name as the user gave it.
  public var file: String

  /// The line, from 1.
  public var line: Int

  /// The column in characters, from 1.
  public var column: Int

  /// How bad it is.
  public var severity: Severity

  /// What is wrong and, where known, what to write instead.
  public var message: String

  /// Creates a diagnostic.
  public init(file: String, line: Int, column: Int, severity: Severity, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.severity = severity
    self.message = message
  }

  /// The diagnostic as compilers write it: `file:line:column: severity: message`.
  public var description: String {
    "\(file):\(line):\(column): \(severity.rawValue): \(message)"
  }
}
