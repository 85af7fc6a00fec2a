/// A place in a Lua source file.
///
/// Lines and columns count from 1 (columns in characters, as editors show them), the offset counts
/// bytes from 0.
public struct SourcePosition: Hashable, Sendable {
  /// The line, from 1.
  public var line: Int

  /// The column in characters, from 1.
  public var column: Int

  /// The byte offset, from 0.
  public var offset: Int

  /// Creates a position; the default is the start of a file.
  public init(line: Int = 1, column: Int = 1, offset: Int = 0) {
    self.line = line
    self.column = column
    self.offset = offset
  }
}

/// Why a Lua source was not accepted, and where.
public struct LuaSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line, from 1.
  public var line: Int

  /// The column in characters, from 1.
  public var column: Int

  /// What is wrong, in the words of the Lua compiler where it has some.
  public var message: String

  /// The error as `line:column: message`.
  public var description: String { "\(line):\(column): \(message)" }

  init(at position: SourcePosition, _ message: String) {
    line = position.line
    column = position.column
    self.message = message
  }
}
