/// Sizes that keep a file readable, and the characters it is written in.
enum SizeRules {
  static let fileLinesMax = 600
  static let functionLinesMax = 70
  static let columnsMax = 100

  static func longFiles(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language != .other }.compactMap { file in
      let count = file.lines.last?.isEmpty == true ? file.lines.count - 1 : file.lines.count
      guard count > fileLinesMax else { return nil }
      return Violation(path: file.path, line: count, text: "more than \(fileLinesMax) lines")
    }
  }

  static func wideLines(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language != .other }.flatMap { file in
      file.lines.enumerated().filter { $0.element.count > columnsMax }.map { index, line in
        let text = "\(line.count) columns, \(columnsMax) allowed"
        return Violation(path: file.path, line: index + 1, text: text)
      }
    }
  }

  static func tabs(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language != .other }.flatMap { file in
      file.lines.enumerated().filter { $0.element.contains("\t") }.map {
        Violation(path: file.path, line: $0.offset + 1, text: "a tab")
      }
    }
  }

  static func longFunctions(_ files: [SourceFile]) -> [Violation] {
    files.flatMap { file -> [Violation] in
      let functions =
        switch file.language {
        case .swift: swiftFunctions(file)
        case .c: cFunctions(file)
        case .lua, .other: [Function]()
        }
      return functions.filter { $0.lines > functionLinesMax }.map {
        Violation(path: file.path, line: $0.first, text: "\($0.name) has \($0.lines) lines")
      }
    }
  }

  struct Function {
    let name: String
    let first: Int
    let lines: Int
  }

  /// Functions, initialisers and subscripts, from their keyword to their closing brace.
  static func swiftFunctions(_ file: SourceFile) -> [Function] {
    let tokens = swiftTokens(file.code)
    return tokens.indices.compactMap { index in
      guard let name = functionName(tokens, at: index), let open = bodyStart(tokens, after: index),
        let close = matchingBrace(tokens, from: open)
      else { return nil }
      let first = tokens[index].line
      return Function(name: name, first: first, lines: tokens[close].line - first + 1)
    }
  }

  /// C functions as K&R lays them out: named at column 0, closed by a brace at column 0.
  static func cFunctions(_ file: SourceFile) -> [Function] {
    var result: [Function] = []
    var head: (name: String, line: Int)?
    var open = false
    let lines = file.code.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if !open, let first = line.first, first.isLetter || first == "_" {
        let word = line.prefix { $0 != "(" }.split(separator: " ").last
        head = line.contains("(") ? (word.map(String.init) ?? "function", index) : head
      }
      if !open, line.hasSuffix("{"), head != nil { open = true }
      if !open, line.contains(";") { head = nil }
      if line.hasPrefix("}"), let function = head {
        let count = index - function.line + 1
        result.append(Function(name: function.name, first: function.line + 1, lines: count))
        head = nil
        open = false
      }
    }
    return result
  }

  // MARK: Swift tokens

  private struct Token {
    let text: Substring
    let line: Int
  }

  private static func swiftTokens(_ code: String) -> [Token] {
    var tokens: [Token] = []
    for (index, line) in code.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      tokens += line.matches(of: /[A-Za-z_]\w*|[{}()\[\]@.]/).map {
        Token(text: $0.output, line: index + 1)
      }
    }
    return tokens
  }

  private static func functionName(_ tokens: [Token], at index: Int) -> String? {
    let previous = index > 0 ? tokens[index - 1].text : ""
    switch tokens[index].text {
    case "func": return index + 1 < tokens.count ? String(tokens[index + 1].text) : "func"
    case "init" where previous != ".", "subscript" where previous != ".":
      return String(tokens[index].text)
    default: return nil
    }
  }

  /// The brace that opens the body; `nil` for a requirement of a protocol, which has none.
  private static func bodyStart(_ tokens: [Token], after index: Int) -> Int? {
    let nextDeclaration: Set<Substring> = [
      "func", "var", "let", "init", "deinit", "subscript", "static", "mutating", "nonmutating",
      "case", "struct", "enum", "class", "extension", "public", "private", "internal", "package",
      "fileprivate", "typealias", "associatedtype", "return", "@", "}",
    ]
    var depth = 0
    for next in tokens.indices[(index + 1)...] {
      switch tokens[next].text {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "{" where depth == 0: return next
      case let word where depth == 0 && nextDeclaration.contains(word): return nil
      default: continue
      }
    }
    return nil
  }

  private static func matchingBrace(_ tokens: [Token], from open: Int) -> Int? {
    var depth = 0
    for index in tokens.indices[open...] {
      if tokens[index].text == "{" { depth += 1 }
      if tokens[index].text == "}" { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }
}
