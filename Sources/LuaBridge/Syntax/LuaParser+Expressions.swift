// Expressions: operator precedence as in `subexpr`, chains of equal precedence kept flat.

extension LuaParser {
  mutating func expression() throws(LuaSyntaxError) -> LuaExpression {
    try subexpression(above: 0)
  }

  mutating func expressionList() throws(LuaSyntaxError) -> [LuaExpression] {
    var result = [try expression()]
    while try accept(.comma) { result.append(try expression()) }
    return result
  }

  /// Reads an expression whose operators hold their left side stronger than `limit`.
  private mutating func subexpression(
    above limit: Int
  ) throws(LuaSyntaxError) -> LuaExpression {
    try enterLevel()
    var left = try operand()
    var links: [LuaOperation] = []
    while let `operator` = binaryOperator, `operator`.priority.left > limit {
      try advance()
      let right = try subexpression(above: `operator`.priority.right)
      // Inside this loop precedence only falls, so a chain once closed is never reopened.
      if let last = links.last, !`operator`.chains(with: last.operator) {
        left = LuaExpression(kind: .binary(left, links), position: left.position)
        links = []
      }
      links.append(LuaOperation(operator: `operator`, operand: right))
    }
    leaveLevel()
    guard !links.isEmpty else { return left }
    return LuaExpression(kind: .binary(left, links), position: left.position)
  }

  private mutating func operand() throws(LuaSyntaxError) -> LuaExpression {
    let start = token.position
    guard let unary = unaryOperator else { return try simpleExpression() }
    try advance()
    let operand = try subexpression(above: LuaBinaryOperator.unaryPriority)
    return LuaExpression(kind: .unary(unary, operand), position: start)
  }

  private var unaryOperator: LuaUnaryOperator? {
    if at(.not) { return .not }
    if at(.minus) { return .negate }
    if at(.hash) { return .length }
    return at(.tilde) ? .complement : nil
  }

  private var binaryOperator: LuaBinaryOperator? {
    switch token.kind {
    case .symbol(let symbol): LuaBinaryOperator(rawValue: symbol.rawValue)
    case .keyword(.and): .and
    case .keyword(.or): .or
    case .keyword, .name, .string, .number, .endOfFile: nil
    }
  }

  private mutating func simpleExpression() throws(LuaSyntaxError) -> LuaExpression {
    let start = token.position
    let kind: LuaExpression.Kind
    switch token.kind {
    case .number(let value): kind = .number(value)
    case .string(let literal): kind = .string(literal)
    case .keyword(.nil): kind = .nil
    case .keyword(.true): kind = .boolean(true)
    case .keyword(.false): kind = .boolean(false)
    case .symbol(.ellipsis):
      guard isVariadic else {
        throw problem("cannot use '...' outside a vararg function")
      }
      kind = .variadic
    case .symbol(.leftBrace):
      return LuaExpression(kind: .table(try tableFields()), position: start)
    case .keyword(.function):
      try advance()
      return LuaExpression(kind: .function(try functionBody(from: start)), position: start)
    case .name, .keyword, .symbol, .endOfFile:
      return try suffixedExpression()
    }
    try advance()
    return LuaExpression(kind: kind, position: start)
  }

  mutating func suffixedExpression() throws(LuaSyntaxError) -> LuaExpression {
    let start = token.position
    let base = try primaryExpression()
    var suffixes: [LuaSuffix] = []
    while let suffix = try suffix() { suffixes.append(suffix) }
    guard !suffixes.isEmpty else { return base }
    return LuaExpression(kind: .suffixed(base, suffixes), position: start)
  }

  private mutating func primaryExpression() throws(LuaSyntaxError) -> LuaExpression {
    let start = token.position
    switch token.kind {
    case .name(let text):
      try advance()
      return LuaExpression(kind: .name(text), position: start)
    case .symbol(.leftParenthesis):
      try advance()
      let inner = try expression()
      try close(.symbol(.rightParenthesis), opener: "(", from: start)
      return LuaExpression(kind: .parenthesised(inner), position: start)
    case .string, .number, .keyword, .symbol, .endOfFile:
      throw problem("unexpected symbol")
    }
  }

  /// Reads one suffix, or nothing when none follows.
  private mutating func suffix() throws(LuaSyntaxError) -> LuaSuffix? {
    let start = token.position
    switch token.kind {
    case .symbol(.dot):
      try advance()
      let field = try name()
      return LuaSuffix(kind: .field(field.text), position: field.position)
    case .symbol(.leftBracket):
      try advance()
      let index = try expression()
      try expect(.rightBracket)
      return LuaSuffix(kind: .index(index), position: start)
    case .symbol(.colon):
      try advance()
      let method = try name()
      return LuaSuffix(kind: .method(method.text, try arguments()), position: method.position)
    case .symbol(.leftParenthesis), .symbol(.leftBrace), .string:
      return LuaSuffix(kind: .call(try arguments()), position: start)
    case .name, .number, .keyword, .symbol, .endOfFile:
      return nil
    }
  }

  private mutating func arguments() throws(LuaSyntaxError) -> [LuaExpression] {
    let start = token.position
    switch token.kind {
    case .string(let literal):
      try advance()
      return [LuaExpression(kind: .string(literal), position: start)]
    case .symbol(.leftBrace):
      return [LuaExpression(kind: .table(try tableFields()), position: start)]
    case .symbol(.leftParenthesis):
      try advance()
      let values = at(.rightParenthesis) ? [] : try expressionList()
      try close(.symbol(.rightParenthesis), opener: "(", from: start)
      return values
    case .name, .number, .keyword, .symbol, .endOfFile:
      throw problem("function arguments expected")
    }
  }

  // MARK: - Tables

  private mutating func tableFields() throws(LuaSyntaxError) -> [LuaField] {
    let start = token.position
    try expect(.leftBrace)
    var fields: [LuaField] = []
    while !at(.rightBrace) {
      fields.append(try tableField())
      guard at(.comma) || at(.semicolon) else { break }
      try advance()
    }
    try close(.symbol(.rightBrace), opener: "{", from: start)
    return fields
  }

  private mutating func tableField() throws(LuaSyntaxError) -> LuaField {
    let start = token.position
    if at(.leftBracket) {
      try advance()
      let key = try expression()
      try expect(.rightBracket)
      try expect(.assign)
      return LuaField(key: .computed(key), value: try expression(), position: start)
    }
    if case .name(let text) = token.kind, try peekKind() == .symbol(.assign) {
      try advance()
      try advance()
      return LuaField(key: .named(text), value: try expression(), position: start)
    }
    return LuaField(key: .positional, value: try expression(), position: start)
  }
}
