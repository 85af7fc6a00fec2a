/// A problem in a Lua or data file, at its place.
public struct LuaProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file as it was named to us; empty when the problem has no file.
  public var file: String
  /// The line, counted from 1; 0 when the problem concerns the whole file.
  public var line: Int
  /// What is wrong.
  public var message: String

  /// Makes a problem.
  public init(file: String, line: Int, message: String) {
    self.file = file
    self.line = line
    self.message = message
  }

  /// Takes the place out of a text such as `strategies/any.lua:3: message`.
  ///
  /// Of the names in `files` the one that the text starts with is the place; a text without one
  /// concerns the whole of `file`.
  init(text: String, file: String, files: [String]) {
    for name in [file] + files where text.hasPrefix(name + ":") {
      let rest = text.dropFirst(name.count + 1)
      guard let colon = rest.firstIndex(of: ":"), let line = Int(rest[..<colon]) else { continue }
      let message = rest[rest.index(after: colon)...].drop { $0 == " " }
      self.init(file: name, line: line, message: String(message))
      return
    }
    self.init(file: file, line: 0, message: text)
  }

  /// The problem as `file:line: message`.
  public var description: String {
    line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)"
  }
}

/// All the problems that keep a set of sources from becoming a generation.
public struct LoadFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The problems, in the order of the files; never empty.
  public var problems: [LuaProblem]

  /// Makes a failure.
  public init(_ problems: [LuaProblem]) { self.problems = problems }

  /// The problems, one a line.
  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
