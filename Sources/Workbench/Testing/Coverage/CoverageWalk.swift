import LuaBridge

/// Finds statements and targets in the tree of a source.
struct CoverageWalk {
  private let bindings: LuaBindings
  private(set) var units: [CoverageMap.Unit] = []
  private(set) var outcomes: [CoverageMap.Outcome] = []
  /// The lines of the blocks inside the statement that is looked at, one list per open statement.
  private var inner: [[ClosedRange<Int>]] = []
  /// The lines of the statements that are open.
  private var open: [ClosedRange<Int>] = []
  /// Deeper than this targets are only talked about: compared, excluded, counted.
  private var mentions = 0

  init(bindings: LuaBindings) { self.bindings = bindings }

  // MARK: Statements

  /// A whole file: its last statement may end on the last line.
  mutating func chunk(_ body: LuaBlock) { block(body, lastLine: body.end.line) }

  private mutating func block(_ block: LuaBlock, lastLine: Int) {
    for (index, statement) in block.statements.enumerated() {
      let isLast = index + 1 == block.statements.count
      let last = isLast ? lastLine : block.statements[index + 1].position.line - 1
      let first = statement.position.line
      self.statement(statement, lines: first...max(first, last))
    }
  }

  /// A block inside a statement: its lines are not the statement's own.
  private mutating func nested(_ block: LuaBlock) {
    if let first = block.statements.first?.position.line, first <= block.end.line - 1 {
      inner[inner.count - 1].append(first...block.end.line - 1)
    }
    // The word that closes the block is the outer statement's.
    self.block(block, lastLine: block.end.line - 1)
  }

  private mutating func statement(_ statement: LuaStatement, lines: ClosedRange<Int>) {
    inner.append([])
    open.append(lines)
    walk(statement.kind)
    open.removeLast()
    let nested = inner.removeLast()
    guard let line = CoverageWalk.line(of: statement) else { return }
    let own = lines.filter { line in
      line == statement.position.line || !nested.contains { $0.contains(line) }
    }
    units.append(CoverageMap.Unit(line: line, own: own))
  }

  /// The line that stands for a statement; nil: Lua makes no code of it, or code that it jumps
  /// over (a jump to a jump goes straight to the end).
  private static func line(of statement: LuaStatement) -> Int? {
    switch statement.kind {
    case .block, .label, .goto, .breakLoop: return nil
    case .local(let names, let values):
      if values.isEmpty { return nil }
      let isFixed = names.allSatisfy { $0.attribute == .const } && values.allSatisfy(isLiteral)
      return isFixed ? nil : statement.position.line
    case .whileLoop(let condition, _):
      return isLiteral(condition) ? nil : statement.position.line
    case .repeatLoop(_, until: let condition):
      return isLiteral(condition) ? nil : condition.position.line
    case .conditional(let clauses, otherwise: _):
      return clauses.first.map { isLiteral($0.condition) } == true ? nil : statement.position.line
    case .localFunction, .function, .assignment, .call, .numericFor, .genericFor, .returned:
      return statement.position.line
    }
  }

  private static func isLiteral(_ expression: LuaExpression) -> Bool {
    switch expression.bare.kind {
    case .nil, .boolean, .number, .string: true
    default: false
    }
  }

  private mutating func walk(_ kind: LuaStatement.Kind) {
    switch kind {
    case .local(_, let values), .returned(let values): expressions(values)
    case .localFunction(_, let function): self.function(function)
    case .function(let name, let function):
      expression(name)
      self.function(function)
    case .assignment(let targets, let values):
      expressions(targets)
      expressions(values)
    case .call(let call): expression(call)
    case .block(let block): nested(block)
    case .whileLoop(let condition, let block):
      expression(condition)
      nested(block)
    case .repeatLoop(let block, until: let condition):
      nested(block)
      expression(condition)
    case .conditional(let clauses, let otherwise):
      for (index, clause) in clauses.enumerated() {
        expression(clause.condition)
        let line = clause.condition.position.line
        if index > 0, !CoverageWalk.isLiteral(clause.condition) {
          units.append(CoverageMap.Unit(line: line, own: [line]))
        }
        nested(clause.body)
      }
      if let otherwise { nested(otherwise) }
    case .numericFor(_, let range, let block):
      expressions(range)
      nested(block)
    case .genericFor(_, let values, let block):
      expressions(values)
      nested(block)
    case .goto, .label, .breakLoop: break
    }
  }

  // MARK: Expressions

  private mutating func expressions(_ list: [LuaExpression]) {
    for one in list { expression(one) }
  }

  private mutating func function(_ function: LuaFunction) { nested(function.body) }

  private mutating func expression(_ expression: LuaExpression) {
    switch expression.kind {
    case .nil, .boolean, .number, .string, .variadic: break
    case .function(let function): self.function(function)
    case .table(let fields):
      for field in fields {
        if case .computed(let key) = field.key { self.expression(key) }
        self.expression(field.value)
      }
    case .name("ANY"):
      add(expression, .any, literal: [], text: "ANY")
    case .name: break
    case .suffixed(let base, let suffixes): suffixed(expression, base, suffixes)
    case .parenthesised(let inner), .unary(_, let inner): self.expression(inner)
    case .binary(let first, let operations):
      let compares = operations.contains { $0.operator == .equal || $0.operator == .notEqual }
      mentions += compares ? 1 : 0
      self.expression(first)
      for operation in operations { self.expression(operation.operand) }
      mentions -= compares ? 1 : 0
    }
  }

  /// Functions and methods whose arguments are not places where a call may go.
  private static let mentioning = ["exclude", "available", "logged_in"]

  private mutating func suffixed(
    _ whole: LuaExpression,
    _ base: LuaExpression,
    _ suffixes: [LuaSuffix]
  ) {
    var isTarget = false
    if case .name(let name) = base.kind, case .call(let arguments)? = suffixes.first?.kind {
      isTarget = target(whole, name, arguments)
    } else {
      expression(base)
    }
    var field = ""
    for (index, suffix) in suffixes.enumerated() {
      switch suffix.kind {
      case .field(let name): field = name
      case .index(let key): expression(key)
      case .call(let arguments):
        // What `any { }` says inside is a condition.
        let mentions = CoverageWalk.mentioning.contains(field) || index == 0 && isTarget
        self.arguments(arguments, onlyMentioned: mentions)
      case .method(let name, let arguments):
        self.arguments(arguments, onlyMentioned: CoverageWalk.mentioning.contains(name))
      }
    }
  }

  private mutating func arguments(_ list: [LuaExpression], onlyMentioned: Bool) {
    mentions += onlyMentioned ? 1 : 0
    expressions(list)
    mentions -= onlyMentioned ? 1 : 0
  }

  // MARK: Targets

  private mutating func target(
    _ whole: LuaExpression,
    _ name: String,
    _ arguments: [LuaExpression]
  ) -> Bool {
    let kind: CoverageMap.Outcome.Kind
    switch name {
    case "dn": kind = .dn
    case "agent": kind = .agent
    case "queue": kind = .queue
    case "trunk": kind = .trunk
    case "reject": kind = .reject
    case "any":
      let skills = CoverageWalk.skills(arguments.first)
      let text = skills.map { "any { skills = \"\($0)\" }" } ?? "any { … }"
      add(whole, .any, literal: nil, text: text)
      return true
    default: return false
    }
    let literals = arguments.map { CoverageWalk.literal($0) }
    let known = literals.compactMap { $0 }
    let isKnown = known.count == arguments.count
    let shown = isKnown ? known : ["…"]
    let text: String
    switch kind {
    case .reject: text = "reject(\(shown.joined(separator: ", ")))"
    case .trunk:
      text = "trunk(\(literals.map { $0.map { "\"\($0)\"" } ?? "…" }.joined(separator: ", ")))"
    default: text = isKnown ? "\(name) \"\(known.joined())\"" : "\(name)(…)"
    }
    add(whole, kind, literal: isKnown ? known : nil, text: text)
    return true
  }

  private mutating func add(
    _ expression: LuaExpression,
    _ kind: CoverageMap.Outcome.Kind,
    literal: [String]?,
    text: String
  ) {
    let position = expression.position
    guard mentions == 0, case .global = bindings.meaning(at: position) else { return }
    outcomes.append(
      CoverageMap.Outcome(
        line: position.line,
        column: position.column,
        statement: open.last ?? position.line...position.line,
        kind: kind,
        literal: literal,
        text: text
      )
    )
  }

  private static func literal(_ expression: LuaExpression) -> String? {
    switch expression.bare.kind {
    case .string(let literal): String(decoding: literal.bytes, as: UTF8.self)
    case .number(.integer(let number)): "\(number)"
    default: nil
    }
  }

  /// What an `any { skills = "…" }` asks for, if it says so.
  private static func skills(_ argument: LuaExpression?) -> String? {
    guard case .table(let fields)? = argument?.bare.kind else { return nil }
    for field in fields {
      if case .named("skills") = field.key { return literal(field.value) }
    }
    return nil
  }
}
