// The flow of control: code that nothing reaches, and paths of a strategy that end without a
// target.
//
// Cautious on purpose: a label makes what follows reachable, a jump inside a loop may leave it, and
// only conditions that are written as constants, or that `call:select` decides, are believed.

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
      error(at: body.end, Self.noTarget)
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
    var reason = ""
    for statement in block.statements {
      if statement.isLabel { isReachable = true }
      guard isReachable else {
        if !isReported {
          report(.warning, at: statement.position, "unreachable code\(reason)")
          isReported = true
        }
        continue
      }
      isReachable = passes(statement, in: kind)
      if case .call(let call) = statement.kind, let target = lastTarget(of: call) {
        reason = ": call:route(\(target)) does not come back"
      }
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
      guard constant(condition) != false else {
        report(.warning, at: condition.position, neverRuns("loop", condition))
        return true
      }
      _ = reachesEnd(body, in: kind)
      return constant(condition) != true || mayLeave(body)
    case .repeatLoop(let body, let condition):
      let isRepeated = reachesEnd(body, in: kind)
      return (isRepeated && constant(condition) != false) || mayLeave(body)
    case .conditional(let clauses, let otherwise):
      return passes(clauses, otherwise, in: kind)
    case .numericFor(_, _, let body), .genericFor(_, _, let body):
      _ = reachesEnd(body, in: kind)
      return true
    case .local, .localFunction, .function, .assignment, .label:
      return true
    }
  }

  /// Whether control can go on behind an `if`; reports branches that no condition lets run.
  private mutating func passes(
    _ clauses: [LuaClause],
    _ otherwise: LuaBlock?,
    in kind: BodyKind
  ) -> Bool {
    var passes = false
    var decided: LuaExpression?
    for clause in clauses {
      if let decided {
        report(.warning, at: clause.condition.position, neverRuns("branch", decided))
        return passes
      }
      switch constant(clause.condition) {
      case false?:
        let condition = clause.condition
        report(.warning, at: condition.position, neverRuns("branch", condition))
        continue
      case true?: decided = clause.condition
      case nil: break
      }
      if reachesEnd(clause.body, in: kind) { passes = true }
    }
    guard let otherwise else { return passes || decided == nil }
    if let decided {
      let place = otherwise.statements.first?.position ?? otherwise.end
      report(.warning, at: place, neverRuns("branch", decided))
      return passes
    }
    return reachesEnd(otherwise, in: kind) || passes
  }

  /// Says of a branch or loop that a condition keeps it from ever running.
  private func neverRuns(_ what: String, _ condition: LuaExpression) -> String {
    guard !isDecidedBySelect(condition) else {
      return "this \(what) never runs: call:select without a timeout waits until it has a target"
    }
    let truth = constant(condition) == true ? "true" : "false"
    return "this \(what) never runs: the condition is always \(truth)"
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

  /// The truth of a condition that is written as a constant, or that `call:select` decides.
  private func constant(_ condition: LuaExpression) -> Bool? {
    switch condition.bare.kind {
    case .nil, .boolean(false): false
    case .boolean(true), .number, .string, .table, .function: true
    case .unary(.not, let operand): constant(operand).map { !$0 }
    case .binary(let first, let links): constant(first, links)
    case .name, .suffixed: alwaysSelects(condition) ? true : nil
    case .variadic, .parenthesised, .unary: nil
    }
  }

  /// The truth of a comparison of two literals, or of an `and` or `or` that one side decides.
  private func constant(_ first: LuaExpression, _ links: [LuaOperation]) -> Bool? {
    guard let link = links.first, links.count == 1 else { return nil }
    let left = number(first)
    let right = number(link.operand)
    switch link.operator {
    case .and:
      if constant(first) == false || constant(link.operand) == false { return false }
      return constant(first) == true ? constant(link.operand) : nil
    case .or:
      if constant(first) == true || constant(link.operand) == true { return true }
      return constant(first) == false ? constant(link.operand) : nil
    case .equal: return equality(first, link.operand)
    case .notEqual: return equality(first, link.operand).map { !$0 }
    case .less: return left.flatMap { left in right.map { left < $0 } }
    case .lessOrEqual: return left.flatMap { left in right.map { left <= $0 } }
    case .greater: return left.flatMap { left in right.map { left > $0 } }
    case .greaterOrEqual: return left.flatMap { left in right.map { left >= $0 } }
    case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power, .concatenate,
      .shiftLeft, .shiftRight, .bitAnd, .bitXor, .bitOr:
      return nil
    }
  }

  /// Whether two literals are equal; nil when one is no text or number.
  private func equality(_ left: LuaExpression, _ right: LuaExpression) -> Bool? {
    func plain(_ expression: LuaExpression) -> (text: String?, number: Double?)? {
      if case .string(let text) = expression.bare.kind { return (text.text, nil) }
      return number(expression.bare).map { (nil, $0) }
    }
    guard let left = plain(left), let right = plain(right) else { return nil }
    return left == right
  }

  // MARK: - Selections that always end with a target

  /// Whether an expression is, or holds, what a `call:select` without a timeout gave: such a one
  /// waits until there is a target, or until the call has left the strategy.
  private func alwaysSelects(_ expression: LuaExpression) -> Bool {
    var value = expression.bare
    if let index = bindings.variable(of: value) {
      guard case .local(let given?) = bindings.variables[index].origin,
        !bindings.variables[index].isAssigned
      else { return false }
      value = given.bare
    }
    guard case .suffixed(let base, let suffixes) = value.kind, isCall(base), suffixes.count == 1,
      case .method("select", let arguments) = suffixes[0].kind, let first = arguments.first
    else { return false }
    // A function that is called in the last place may give the options too.
    guard arguments.count > 1 else { return writtenTarget(first) != nil || !first.isOpen }
    guard case .table(let fields) = literal(arguments[1]).kind else { return false }
    return fields.allSatisfy { field in key(of: field).map { $0 != "timeout" } ?? false }
  }

  /// Whether it is a selection that decides a condition.
  private func isDecidedBySelect(_ condition: LuaExpression) -> Bool {
    if case .unary(.not, let operand) = condition.bare.kind { return isDecidedBySelect(operand) }
    return alwaysSelects(condition)
  }

  /// Finds `call:select(TARGET) or OTHER`, where the other is never asked for.
  mutating func checkAlternative(_ first: LuaExpression, _ links: [LuaOperation]) {
    guard let link = links.first, link.operator == .or, alwaysSelects(first) else { return }
    report(
      .warning,
      at: link.operand.position,
      "this never counts: call:select without a timeout waits until it has a target"
    )
  }

  // MARK: - Calls that do not come back

  /// Whether a call is one of `error(…)` or `assert(false)`.
  private func neverReturns(_ call: LuaExpression) -> Bool {
    guard lastTarget(of: call) == nil else { return true }
    guard case .suffixed(let base, let suffixes) = call.kind, suffixes.count == 1,
      case .call(let arguments) = suffixes[0].kind
    else { return false }
    switch bindings.global(of: base) {
    case "error": return true
    case "assert": return arguments.first.map { constant($0) == false } ?? false
    default: return false
    }
  }

  /// The target of a `call:route` from which nothing comes back: a refusal, or a queue that always
  /// takes the call.
  private func lastTarget(of call: LuaExpression) -> String? {
    guard case .suffixed(let base, let suffixes) = call.kind, isCall(base), suffixes.count == 1,
      case .method("route", let arguments) = suffixes[0].kind,
      let target = arguments.first.flatMap({ writtenTarget($0) })
    else { return nil }
    switch target.maker {
    case "reject": return target.text ?? "reject(...)"
    case "queue":
      guard let name = target.name, check.site.endlessQueues.contains(name) else { return nil }
      return target.text
    default: return nil
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
    checkOrder(value, usage: "the return of a strategy")
  }
}
