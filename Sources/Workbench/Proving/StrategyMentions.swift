internal import LuaBridge

/// What the text of a strategy, of what it requires and of the tables that it reads mentions.
///
/// Only words are looked at, so it errs on the side of too much.
struct StrategyMentions {
  /// Names and texts, in the order in which they stand in the files.
  private(set) var words: [String] = []
  /// Texts alone.
  private(set) var texts: [String] = []
  /// The tables that are read, with their cells: row by row.
  private(set) var rows: [[String]] = []
  /// Whether the reason of a failed request can be looked at.
  private(set) var looksAtReasons = false
  /// Whether there may be a `call:select` without a timeout.
  private(set) var waitsForever = false

  /// Collects the mentions of a strategy.
  init(_ strategy: String, in source: StrategySource) {
    var open = [strategy + ".lua"]
    var done: [String] = []
    while let path = open.popLast() {
      guard !done.contains(path) else { continue }
      done.append(path)
      guard let file = source.files.first(where: { $0.path == path }) else { continue }
      let before = texts.count
      read(file.bytes)
      for text in texts[before...] {
        open.append(text.split(separator: ".").joined(separator: "/") + ".lua")
      }
    }
    for file in source.files where file.path.hasPrefix("data/") {
      let name = String(file.path.dropFirst(5).prefix { $0 != "." })
      guard texts.contains(name) else { continue }
      let lines = String(decoding: file.bytes, as: UTF8.self).split { $0.isNewline }
      rows += lines.dropFirst().map { $0.split(separator: ",").map(String.init) }
    }
  }

  /// Whether one of these words occurs.
  func mentions(_ wanted: String...) -> Bool { words.contains { wanted.contains($0) } }

  /// Whether something that has to do with the time of day occurs.
  var mentionsTime: Bool {
    words.contains { word in
      let word = word.lowercased()
      if word == "now" || word == "entered" || word == "hours" { return true }
      if word.contains("holiday") { return true }
      return word.contains("time") && !word.contains("timeout")
    }
  }

  private mutating func read(_ bytes: [UInt8]) {
    var lexer = LuaLexer(bytes: bytes)
    var tokens: [LuaToken.Kind] = []
    while let token = try? lexer.next(), token.kind != .endOfFile { tokens.append(token.kind) }
    for (index, token) in tokens.enumerated() {
      switch token {
      case .name(let name):
        words.append(name)
        if Self.failing.contains(name), !isStatement(tokens, index) { looksAtReasons = true }
        if name == "select", !hasTimeout(tokens, index + 1) { waitsForever = true }
      case .string(let literal):
        words.append(literal.text)
        texts.append(literal.text)
        if Self.failing.contains(literal.text) { looksAtReasons = true }
        if literal.text == "select" { waitsForever = true }
      case .number, .keyword, .symbol, .endOfFile: continue
      }
    }
  }

  /// Whether the brackets that begin here hold the word `timeout`.
  private func hasTimeout(_ tokens: [LuaToken.Kind], _ start: Int) -> Bool {
    guard start < tokens.count, tokens[start] == .symbol(.leftParenthesis) else { return false }
    var depth = 0
    for token in tokens[start...] {
      if token == .symbol(.leftParenthesis) { depth += 1 }
      if token == .symbol(.rightParenthesis) { depth -= 1 }
      if token == .name("timeout") { return true }
      if depth == 0 { return false }
    }
    return false
  }

  /// The request that tells why a phone did not take a call.
  private static let failing = ["route"]

  /// Whether `call:route(…)` stands alone, so that nobody sees its answer: `NAME:route(…)` behind
  /// the end of a statement and before the beginning of one.
  private func isStatement(_ tokens: [LuaToken.Kind], _ index: Int) -> Bool {
    guard index >= 2, tokens[index - 1] == .symbol(.colon), case .name = tokens[index - 2],
      index + 1 < tokens.count, tokens[index + 1] == .symbol(.leftParenthesis)
    else { return false }
    switch index >= 3 ? tokens[index - 3] : .symbol(.semicolon) {
    case .keyword(.then), .keyword(.else), .keyword(.do), .keyword(.end), .keyword(.repeat),
      .keyword(.nil), .keyword(.true), .keyword(.false), .symbol(.semicolon),
      .symbol(.rightParenthesis), .symbol(.rightBrace), .symbol(.rightBracket), .string, .name,
      .number:
      break
    case .keyword, .symbol, .endOfFile: return false
    }
    var depth = 0
    var place = index + 1
    while place < tokens.count {
      if tokens[place] == .symbol(.leftParenthesis) { depth += 1 }
      if tokens[place] == .symbol(.rightParenthesis) { depth -= 1 }
      place += 1
      if depth == 0 { break }
    }
    switch place < tokens.count ? tokens[place] : .endOfFile {
    case .name, .keyword(.end), .keyword(.local), .keyword(.return), .keyword(.if),
      .keyword(.else), .keyword(.elseif), .keyword(.for), .keyword(.while), .keyword(.repeat),
      .keyword(.until), .keyword(.do), .keyword(.break), .symbol(.semicolon), .endOfFile:
      return true
    case .keyword, .symbol, .string, .number: return false
    }
  }
}
