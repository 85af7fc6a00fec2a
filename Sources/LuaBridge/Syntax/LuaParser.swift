// Reads Lua 5.4 source into a tree, by recursive descent, as `lparser.c` does.
//
// State: the lexer, the token under the cursor, at most one token of lookahead, the depth of
// recursion and one entry per open function and its loops. Invariants: the cursor only moves
// forward; `level` counts open statements and subexpressions and never exceeds `levelsMax`, so no
// source can exhaust the stack. The first error ends the reading: what follows one is guesswork.
// Source: Lua 5.4 manual, 9 (the grammar); messages as the reference implementation words them.

package struct LuaParser {
  /// How deep statements and expressions may nest, as `LUAI_MAXCCALLS` of the reference
  /// implementation.
  ///
  /// Reading, resolving and checking the deepest source takes less than 2 MiB of stack (debug
  /// build).
  package static let levelsMax = 200

  var lexer: LuaLexer
  var token = LuaToken(kind: .endOfFile, position: SourcePosition(), endOffset: 0)
  private var lookahead: LuaToken?
  private var level = 0
  private var functions: [OpenFunction] = []

  /// What the parser must know about a function while inside it.
  struct OpenFunction {
    var isVariadic: Bool
    var openLoops = 0
  }

  /// Reads a whole source and resolves its names.
  package static func parse(_ source: String) -> Result<LuaChunk, LuaSyntaxError> {
    var parser = LuaParser(lexer: LuaLexer(source))
    do throws(LuaSyntaxError) {
      return .success(try parser.chunk())
    } catch {
      return .failure(error)
    }
  }

  private init(lexer: LuaLexer) {
    self.lexer = lexer
  }

  private mutating func chunk() throws(LuaSyntaxError) -> LuaChunk {
    functions = [OpenFunction(isVariadic: true)]
    try advance()
    let body = try block()
    guard token.kind == .endOfFile else { throw expected("<eof>") }
    return LuaChunk(body: body, bindings: try LuaResolver.resolve(body))
  }

  // MARK: - The cursor

  mutating func advance() throws(LuaSyntaxError) {
    if let next = lookahead {
      token = next
      lookahead = nil
    } else {
      token = try lexer.next()
    }
  }

  mutating func peekKind() throws(LuaSyntaxError) -> LuaToken.Kind {
    if let next = lookahead { return next.kind }
    let next = try lexer.next()
    lookahead = next
    return next.kind
  }

  func at(_ symbol: LuaSymbol) -> Bool { token.kind == .symbol(symbol) }

  func at(_ keyword: LuaKeyword) -> Bool { token.kind == .keyword(keyword) }

  /// Moves over the symbol if it stands here.
  mutating func accept(_ symbol: LuaSymbol) throws(LuaSyntaxError) -> Bool {
    guard at(symbol) else { return false }
    try advance()
    return true
  }

  mutating func accept(_ keyword: LuaKeyword) throws(LuaSyntaxError) -> Bool {
    guard at(keyword) else { return false }
    try advance()
    return true
  }

  mutating func expect(_ symbol: LuaSymbol) throws(LuaSyntaxError) {
    guard try accept(symbol) else { throw expected("'\(symbol.rawValue)'") }
  }

  mutating func expect(_ keyword: LuaKeyword) throws(LuaSyntaxError) {
    guard try accept(keyword) else { throw expected("'\(keyword.rawValue)'") }
  }

  /// Requires the closing `word`; on failure names what it would close, if that opened elsewhere.
  mutating func close(
    _ word: LuaToken.Kind,
    opener: String,
    from opening: SourcePosition
  ) throws(LuaSyntaxError) {
    guard token.kind != word else { return try advance() }
    let name: String
    switch word {
    case .keyword(let keyword): name = keyword.rawValue
    case .symbol(let symbol): name = symbol.rawValue
    case .name, .string, .number, .endOfFile: name = "?"
    }
    guard opening.line != token.position.line else { throw expected("'\(name)'") }
    throw expected("'\(name)'", because: " (to close '\(opener)' at line \(opening.line))")
  }

  mutating func name() throws(LuaSyntaxError) -> LuaName {
    guard case .name(let text) = token.kind else { throw expected("<name>") }
    let result = LuaName(text: text, position: token.position)
    try advance()
    return result
  }

  // MARK: - Errors

  func expected(_ what: String, because reason: String = "") -> LuaSyntaxError {
    problem("\(what) expected\(reason)")
  }

  /// A problem with the token under the cursor.
  func problem(_ message: String) -> LuaSyntaxError {
    LuaSyntaxError(at: token.position, "\(message) near \(lexer.quote(token))")
  }

  // MARK: - Depth

  mutating func enterLevel() throws(LuaSyntaxError) {
    level += 1
    guard level <= Self.levelsMax else {
      throw problem("chunk has too many syntax levels (limit is \(Self.levelsMax))")
    }
  }

  mutating func leaveLevel() {
    level -= 1
  }

  var isVariadic: Bool { functions.last?.isVariadic ?? false }

  var isInsideLoop: Bool { (functions.last?.openLoops ?? 0) > 0 }

  mutating func loopBlock() throws(LuaSyntaxError) -> LuaBlock {
    functions[functions.count - 1].openLoops += 1
    let body = try block()
    functions[functions.count - 1].openLoops -= 1
    return body
  }

  /// Reads parameters and body; the cursor stands behind `function` and its name.
  mutating func functionBody(
    from start: SourcePosition,
    method: LuaName? = nil
  ) throws(LuaSyntaxError) -> LuaFunction {
    var parameters: [LuaName] = []
    if let method { parameters.append(LuaName(text: "self", position: method.position)) }
    var isVariadic = false
    try expect(.leftParenthesis)
    if !at(.rightParenthesis) {
      while true {
        isVariadic = try accept(.ellipsis)
        guard !isVariadic else { break }
        parameters.append(try name())
        guard try accept(.comma) else { break }
      }
    }
    try expect(.rightParenthesis)
    functions.append(OpenFunction(isVariadic: isVariadic))
    let body = try block()
    functions.removeLast()
    try close(.keyword(.end), opener: "function", from: start)
    return LuaFunction(
      position: start,
      parameters: parameters,
      isVariadic: isVariadic,
      body: body
    )
  }
}
