/// How a verb ended; the raw value is the exit code (SURFACE 2).
enum Outcome: Int32, Sendable {
  /// All well.
  case well = 0
  /// It ran and found what it looks for, or was told no.
  case found = 1
  /// It could not run.
  case impossible = 2
}

/// A verb of the command line: what `--help` says about it, and what it does.
struct Verb: Sendable {
  /// Its name: `serve`.
  let name: String
  /// Its operands, as the usage line shows them: `PATH…`.
  var operands = ""
  /// What it does, in one line.
  let summary: String
  /// Flags of its own.
  var flags: [Flag] = []
  /// A call that a newcomer can copy.
  let example: String
  /// How many operands it takes.
  var operandCount: ClosedRange<Int> = 0...0
  /// Names that its first operand may have; empty: anything.
  var words: [String] = []
  /// Does it.
  let run: @Sendable (Invocation) throws -> Outcome

  /// A flag that a verb understands.
  struct Flag: Sendable {
    /// Its name with dashes: `--data`.
    let name: String
    /// What its value is called in `--help`; nil when it takes none.
    var value: String?
    /// What it does, in one line.
    let summary: String
    /// Whether it may be given more than once; the values come as lines.
    var repeats = false
  }

  /// Flags that every verb understands.
  static let common = [
    Flag(name: "--json", summary: "one JSON object, or JSON Lines for streams"),
    Flag(name: "--help", summary: "this text"),
  ]

  /// The flag that names a server's folder.
  static let data = Flag(
    name: "--data",
    value: "DIR",
    summary: "the server's folder (default: var)"
  )

  /// All flags that this verb understands.
  var allFlags: [Flag] { flags + Verb.common }

  /// The text of `--help`.
  var help: String {
    var usage = "usage: pointsman \(name)"
    if !operands.isEmpty { usage += " \(operands)" }
    for flag in flags { usage += " [\(flag.name)\(flag.value.map { " \($0)" } ?? "")]" }
    var lines = ["pointsman \(name): \(summary)", "", usage, ""]
    let width = allFlags.map { Verb.spelled($0).count }.max() ?? 0
    for flag in allFlags {
      lines.append("  \(Verb.spelled(flag).padded(to: width))  \(flag.summary)")
    }
    lines += ["", "example: \(example)"]
    return lines.joined(separator: "\n")
  }

  private static func spelled(_ flag: Flag) -> String {
    flag.value.map { "\(flag.name) \($0)" } ?? flag.name
  }
}

/// What somebody typed after a verb, taken apart.
struct Invocation: Sendable {
  /// The words that are not flags, in order.
  var operands: [String] = []
  /// The values of flags; flags without a value hold "".
  var flags: [String: String] = [:]

  /// Whether a flag was given.
  func has(_ name: String) -> Bool { flags[name] != nil }

  /// The value of a flag.
  subscript(name: String) -> String? { flags[name] }

  /// Whether JSON is wanted.
  var json: Bool { has("--json") }

  /// The server's folder.
  var data: String { flags["--data"] ?? "var" }

  /// The whole-number value of a flag, if it was given.
  func number(_ name: String) throws -> UInt64? {
    guard let text = flags[name] else { return nil }
    guard let number = UInt64(text) else {
      throw UsageError("\(name) needs a whole number, not \"\(text)\"")
    }
    return number
  }

  /// The value of a flag in seconds, fractions allowed, if it was given.
  func seconds(_ name: String) throws -> Double? {
    guard let text = flags[name] else { return nil }
    guard let number = Double(text), number.isFinite, number >= 0, number < 1e9 else {
      throw UsageError("\(name) needs a number of seconds, not \"\(text)\"")
    }
    return number
  }
}

/// A mistake in what was typed; the program ends with 2.
struct UsageError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
