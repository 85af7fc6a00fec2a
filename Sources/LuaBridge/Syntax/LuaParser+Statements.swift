// Statements and blocks.

extension LuaParser {
  private var endsBlock: Bool {
    switch token.kind {
    case .endOfFile, .keyword(.end), .keyword(.else), .keyword(.elseif), .keyword(.until): true
    case .name, .string, .number, .keyword, .symbol: false
    }
  }

  mutating func block() throws(LuaSyntaxError) -> LuaBlock {
    var statements: [LuaStatement] = []
    while !endsBlock {
      if at(.return) {
        statements.append(try returnStatement())
        break
      }
      try enterLevel()
      if let statement = try statement() { statements.append(statement) }
      leaveLevel()
    }
    return LuaBlock(statements: statements, end: token.position)
  }

  /// Reads one statement; nil for a lone semicolon.
  private mutating func statement() throws(LuaSyntaxError) -> LuaStatement? {
    let start = token.position
    let kind: LuaStatement.Kind
    switch token.kind {
    case .symbol(.semicolon):
      try advance()
      return nil
    case .symbol(.doubleColon):
      try advance()
      kind = .label(try name())
      try expect(.doubleColon)
    case .keyword(.if):
      kind = try ifStatement(from: start)
    case .keyword(.while):
      kind = try whileStatement(from: start)
    case .keyword(.do):
      try advance()
      kind = .block(try block())
      try close(.keyword(.end), opener: "do", from: start)
    case .keyword(.for):
      kind = try forStatement(from: start)
    case .keyword(.repeat):
      try advance()
      let body = try loopBlock()
      try close(.keyword(.until), opener: "repeat", from: start)
      kind = .repeatLoop(body, until: try expression())
    case .keyword(.function):
      kind = try functionStatement(from: start)
    case .keyword(.local):
      kind = try localStatement()
    case .keyword(.goto):
      try advance()
      kind = .goto(try name())
    case .keyword(.break):
      guard isInsideLoop else {
        throw LuaSyntaxError(
          at: start,
          "break outside a loop at line \(start.line) near \(lexer.quote(token))"
        )
      }
      try advance()
      kind = .breakLoop
    case .name, .string, .number, .keyword, .symbol, .endOfFile:
      kind = try expressionStatement()
    }
    return LuaStatement(kind: kind, position: start)
  }

  private mutating func returnStatement() throws(LuaSyntaxError) -> LuaStatement {
    let start = token.position
    try advance()
    var values: [LuaExpression] = []
    if !endsBlock, !at(.semicolon) { values = try expressionList() }
    _ = try accept(.semicolon)
    return LuaStatement(kind: .returned(values), position: start)
  }

  private mutating func ifStatement(
    from start: SourcePosition
  ) throws(LuaSyntaxError) -> LuaStatement.Kind {
    var clauses: [LuaClause] = []
    repeat {
      try advance()
      let condition = try expression()
      try expect(.then)
      clauses.append(LuaClause(condition: condition, body: try block()))
    } while at(.elseif)
    var otherwise: LuaBlock?
    if try accept(.else) { otherwise = try block() }
    try close(.keyword(.end), opener: "if", from: start)
    return .conditional(clauses, otherwise: otherwise)
  }

  private mutating func whileStatement(
    from start: SourcePosition
  ) throws(LuaSyntaxError) -> LuaStatement.Kind {
    try advance()
    let condition = try expression()
    try expect(.do)
    let body = try loopBlock()
    try close(.keyword(.end), opener: "while", from: start)
    return .whileLoop(condition, body)
  }

  private mutating func forStatement(
    from start: SourcePosition
  ) throws(LuaSyntaxError) -> LuaStatement.Kind {
    try advance()
    var names = [try name()]
    if try accept(.assign) {
      var range = [try expression()]
      try expect(.comma)
      range.append(try expression())
      if try accept(.comma) { range.append(try expression()) }
      return .numericFor(names[0], range: range, try forBody(from: start))
    }
    guard at(.comma) || at(.in) else { throw expected("'=' or 'in'") }
    while try accept(.comma) { names.append(try name()) }
    try expect(.in)
    let values = try expressionList()
    return .genericFor(names, values: values, try forBody(from: start))
  }

  private mutating func forBody(from start: SourcePosition) throws(LuaSyntaxError) -> LuaBlock {
    try expect(.do)
    let body = try loopBlock()
    try close(.keyword(.end), opener: "for", from: start)
    return body
  }

  private mutating func functionStatement(
    from start: SourcePosition
  ) throws(LuaSyntaxError) -> LuaStatement.Kind {
    try advance()
    let root = try name()
    var path: [LuaSuffix] = []
    var method: LuaName?
    while at(.dot) || at(.colon), method == nil {
      let isMethod = at(.colon)
      try advance()
      let field = try name()
      path.append(LuaSuffix(kind: .field(field.text), position: field.position))
      if isMethod { method = field }
    }
    let base = LuaExpression(kind: .name(root.text), position: root.position)
    let target =
      path.isEmpty
      ? base : LuaExpression(kind: .suffixed(base, path), position: root.position)
    return .function(target, try functionBody(from: start, method: method))
  }

  private mutating func localStatement() throws(LuaSyntaxError) -> LuaStatement.Kind {
    try advance()
    let start = token.position
    if try accept(.function) {
      let name = try name()
      return .localFunction(name, try functionBody(from: start))
    }
    var names: [LuaName] = []
    var closes = false
    repeat {
      var name = try name()
      if try accept(.less) {
        let attribute = try self.name()
        name.attribute = LuaName.Attribute(rawValue: attribute.text)
        guard name.attribute != nil else {
          throw LuaSyntaxError(
            at: attribute.position,
            "unknown attribute '\(attribute.text)'"
          )
        }
        try expect(.greater)
      }
      if name.attribute == .close {
        guard !closes else {
          throw LuaSyntaxError(
            at: name.position,
            "multiple to-be-closed variables in local list"
          )
        }
        closes = true
      }
      names.append(name)
    } while try accept(.comma)
    let values = try accept(.assign) ? try expressionList() : []
    return .local(names: names, values: values)
  }

  private mutating func expressionStatement() throws(LuaSyntaxError) -> LuaStatement.Kind {
    let first = try suffixedExpression()
    guard at(.assign) || at(.comma) else {
      guard first.isCall else { throw problem("syntax error") }
      return .call(first)
    }
    guard first.isAssignable else { throw problem("syntax error") }
    var targets = [first]
    while try accept(.comma) {
      let target = try suffixedExpression()
      guard target.isAssignable else { throw problem("syntax error") }
      targets.append(target)
    }
    try expect(.assign)
    return .assignment(targets: targets, values: try expressionList())
  }
}

extension LuaExpression {
  /// Whether the expression as a whole is a call.
  package var isCall: Bool {
    guard case .suffixed(_, let suffixes) = kind, let last = suffixes.last else { return false }
    switch last.kind {
    case .call, .method: return true
    case .field, .index: return false
    }
  }

  /// Whether the expression may give several values: a call or `...`.
  package var isOpen: Bool {
    if case .variadic = kind { return true }
    return isCall
  }

  /// Whether the expression may stand on the left of `=`.
  var isAssignable: Bool {
    switch kind {
    case .name: true
    case .suffixed: !isCall
    case .nil, .boolean, .number, .string, .variadic, .function, .table, .parenthesised, .unary,
      .binary:
      false
    }
  }
}
