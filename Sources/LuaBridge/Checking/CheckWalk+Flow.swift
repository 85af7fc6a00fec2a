// The flow of control: code that nothing reaches, and paths of a strategy that end without a
// target.
//
// Cautious on purpose: a label makes what follows reachable, a jump inside a loop may leave it, and
// only conditions that are written as constants are believed.

extension CheckWalk {
  /// What the end of a body means.
  enum BodyKind {
    /// The file itself, which must return the strategy.
    case file
    /// The strategy, which must return a target.
    case strategy
    case other
  }

  mutating func checkFlow(of body: LuaBlock, as kind: BodyKind) {
    guard reachesEnd(body, in: kind) else { return }
    switch kind {
    case .file:
      error(
        at: body.end,
        "a strategy must return a function: return function(call) ... end"
      )
    case .strategy:
      report(.warning, at: body.end, Self.noTarget)
    case .other:
      break
    }
  }

  private static let noTarget =
    "this path ends without a target: the call goes to the default route"

  /// Whether control can run through a block to its end; reports what it cannot reach.
  private mutating func reachesEnd(_ block: LuaBlock, in kind: BodyKind) -> Bool {
    var isReachable = true
    var isReported = false
    for statement in block.statements {
      if statement.isLabel { isReachable = true }
      guard isReachable else {
        if !isReported {
          report(.warning, at: statement.position, "unreachable code")
          isReported = true
        }
        continue
      }
      isReachable = passes(statement, in: kind)
    }
    return isReachable
  }

  /// Whether control can go on behind a statement.
  private mutating func passes(_ statement: LuaStatement, in kind: BodyKind) -> Bool {
    switch statement.kind {
    case .returned(let values):
      checkReturn(values, at: statement.position, in: kind)
      return false
    case .breakLoop, .goto:
      return false
    case .call(let call):
      return !neverReturns(call)
    case .block(let body):
      return reachesEnd(body, in: kind)
    case .whileLoop(let condition, let body):
      _ = reachesEnd(body, in: kind)
      return constant(condition) != true || mayLeave(body)
    case .repeatLoop(let body, let condition):
      let isRepeated = reachesEnd(body, in: kind)
      return (isRepeated && constant(condition) != false) || mayLeave(body)
    case .conditional(let clauses, let otherwise):
      var passes = otherwise == nil
      for clause in clauses where reachesEnd(clause.body, in: kind) { passes = true }
      if let otherwise, reachesEnd(otherwise, in: kind) { passes = true }
      return passes
    case .numericFor(_, _, let body), .genericFor(_, _, let body):
      _ = reachesEnd(body, in: kind)
      return true
    case .local, .localFunction, .function, .assignment, .label:
      return true
    }
  }

  /// Whether a loop's body holds a `break` of its own or any jump.
  private func mayLeave(_ block: LuaBlock, isInner: Bool = false) -> Bool {
    block.statements.contains { statement in
      switch statement.kind {
      case .breakLoop: !isInner
      case .goto: true
      case .block(let body): mayLeave(body, isInner: isInner)
      case .conditional(let clauses, let otherwise):
        clauses.contains { mayLeave($0.body, isInner: isInner) }
          || otherwise.map { mayLeave($0, isInner: isInner) } ?? false
      case .whileLoop(_, let body), .repeatLoop(let body, _), .numericFor(_, _, let body),
        .genericFor(_, _, let body):
        mayLeave(body, isInner: true)
      case .local, .localFunction, .function, .assignment, .call, .label, .returned:
        false
      }
    }
  }

  /// The truth of a condition that is written as a constant.
  private func constant(_ condition: LuaExpression) -> Bool? {
    switch condition.bare.kind {
    case .nil, .boolean(false): false
    case .boolean(true), .number, .string, .table, .function: true
    case .variadic, .name, .suffixed, .parenthesised, .unary, .binary: nil
    }
  }

  /// Whether a call is one of `error(…)` or `assert(false)`.
  private func neverReturns(_ call: LuaExpression) -> Bool {
    guard case .suffixed(let base, let suffixes) = call.kind, suffixes.count == 1,
      case .call(let arguments) = suffixes[0].kind
    else { return false }
    switch bindings.global(of: base) {
    case "error": return true
    case "assert": return arguments.first.map { constant($0) == false } ?? false
    default: return false
    }
  }

  // MARK: - What is returned

  private mutating func checkReturn(
    _ values: [LuaExpression],
    at position: SourcePosition,
    in kind: BodyKind
  ) {
    switch kind {
    case .other: break
    case .file: checkReturnedStrategy(values, at: position)
    case .strategy: checkReturnedTarget(values, at: position)
    }
  }

  private mutating func checkReturnedStrategy(
    _ values: [LuaExpression],
    at position: SourcePosition
  ) {
    guard let value = values.first else {
      return error(
        at: position,
        "a strategy must return a function: return function(call) ... end"
      )
    }
    let returned = literal(value)
    guard let type = typeName(returned) else { return }
    switch returned.kind {
    case .function:
      break
    case .table(let fields):
      checkStrategyTable(fields, at: value.position)
    case .nil, .boolean, .number, .string, .variadic, .name, .suffixed, .parenthesised, .unary,
      .binary:
      error(at: value.position, "a strategy must return a function, got \(type)")
    }
  }

  private mutating func checkReturnedTarget(
    _ values: [LuaExpression],
    at position: SourcePosition
  ) {
    guard let value = values.first else {
      return report(.warning, at: position, Self.noTarget)
    }
    let returned = literal(value)
    if case .nil = returned.kind { return report(.warning, at: position, Self.noTarget) }
    if case .boolean(false) = returned.kind {
      return report(.warning, at: position, Self.noTarget)
    }
    expectTarget(value, usage: "the return of a strategy", allowsList: true)
  }
}
