/// Blanks comments and string literals, so that a rule sees only what the compiler sees.
///
/// Line breaks are kept. Code inside a Swift interpolation stays visible.
struct CodeStripper {
  private let input: [UInt8]
  private let language: SourceFile.Language
  private var output: [UInt8] = []
  private var at = 0

  static func strip(_ text: String, language: SourceFile.Language) -> String {
    var stripper = CodeStripper(input: Array(text.utf8), language: language)
    stripper.code(untilParenthesis: false)
    return String(decoding: stripper.output, as: UTF8.self)
  }

  private init(input: [UInt8], language: SourceFile.Language) {
    self.input = input
    self.language = language
    output.reserveCapacity(input.count)
  }

  private mutating func code(untilParenthesis: Bool) {
    var depth = 0
    while at < input.count {
      if skipComment() || skipString() { continue }
      let byte = input[at]
      if untilParenthesis {
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") {
          if depth == 0 { return }
          depth -= 1
        }
      }
      output.append(byte)
      at += 1
    }
  }

  // MARK: Comments

  private mutating func skipComment() -> Bool {
    switch language {
    case .lua:
      guard looksAt("--") else { return false }
      if let level = longBracket(at: at + 2) {
        blank(level + 4)
        blankThrough(closingBracket(level))
      } else {
        blankLine()
      }
      return true
    case .swift, .c:
      if looksAt("//") {
        blankLine()
        return true
      }
      guard looksAt("/*") else { return false }
      blockComment()
      return true
    case .other:
      return false
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if looksAt("/*"), language == .swift || depth == 0 {
        depth += 1
        blank(2)
      } else if looksAt("*/") {
        depth -= 1
        blank(2)
      } else {
        blank(1)
      }
    } while depth > 0 && at < input.count
  }

  // MARK: Strings

  private mutating func skipString() -> Bool {
    switch language {
    case .swift: return swiftString()
    case .c: return quoted(by: "\"") || quoted(by: "'")
    case .lua:
      if quoted(by: "\"") || quoted(by: "'") { return true }
      guard let level = longBracket(at: at) else { return false }
      blank(level + 2)
      blankThrough(closingBracket(level))
      return true
    case .other: return false
    }
  }

  private mutating func quoted(by quote: Character) -> Bool {
    guard let byte = quote.asciiValue, at < input.count, input[at] == byte else { return false }
    blank(1)
    while at < input.count, input[at] != byte, input[at] != UInt8(ascii: "\n") {
      blank(input[at] == UInt8(ascii: "\\") ? 2 : 1)
    }
    blank(1)
    return true
  }

  private mutating func swiftString() -> Bool {
    var hashes = 0
    while at + hashes < input.count, input[at + hashes] == UInt8(ascii: "#") { hashes += 1 }
    guard at + hashes < input.count, input[at + hashes] == UInt8(ascii: "\"") else { return false }
    let pounds = String(repeating: "#", count: hashes)
    blank(hashes)
    let quotes = looksAt("\"\"\"") ? "\"\"\"" : "\""
    blank(quotes.count)
    while at < input.count, !looksAt(quotes + pounds) {
      if looksAt("\\" + pounds + "(") {
        blank(hashes + 2)
        code(untilParenthesis: true)
        blank(1)
      } else if looksAt("\\" + pounds) {
        blank(hashes + 2)
      } else if quotes.count == 1, input[at] == UInt8(ascii: "\n") {
        return true
      } else {
        blank(1)
      }
    }
    blank(quotes.count + hashes)
    return true
  }

  // MARK: Helpers

  /// The number of `=` in a Lua long bracket that opens at `start`; `nil` when none does.
  private func longBracket(at start: Int) -> Int? {
    var index = start
    guard index < input.count, input[index] == UInt8(ascii: "[") else { return nil }
    index += 1
    while index < input.count, input[index] == UInt8(ascii: "=") { index += 1 }
    guard index < input.count, input[index] == UInt8(ascii: "[") else { return nil }
    return index - start - 1
  }

  private func closingBracket(_ level: Int) -> String {
    "]" + String(repeating: "=", count: level) + "]"
  }

  private func looksAt(_ text: String) -> Bool {
    input[at...].starts(with: text.utf8)
  }

  private mutating func blank(_ count: Int) {
    for _ in 0..<count where at < input.count {
      output.append(input[at] == UInt8(ascii: "\n") ? input[at] : UInt8(ascii: " "))
      at += 1
    }
  }

  private mutating func blankLine() {
    while at < input.count, input[at] != UInt8(ascii: "\n") { blank(1) }
  }

  private mutating func blankThrough(_ end: String) {
    while at < input.count, !looksAt(end) { blank(1) }
    blank(end.utf8.count)
  }
}
