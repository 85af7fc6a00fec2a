// Tells what each name stands for, and holds the rules of scope that the grammar cannot say:
// assignment to constants, labels and jumps, the number of local variables.
//
// State: per open function its blocks, visible labels and jumps not yet resolved; per name the
// stack of variables that carry it, innermost last. Invariant: `active` lists the visible variables
// in order of declaration; a block remembers how many were active when it began and cuts back to
// that. Source: `lparser.c` (`createlabel`, `solvegotos`, `leaveblock`, `check_readonly`); manual
// 3.3.4, 3.5.

struct LuaResolver {
  static let localsMax = 200

  /// Labels, and jumps not yet resolved, of one function: their search is linear.
  static let labelsMax = 2000

  private var bindings = LuaBindings()
  private var active: [Int] = []
  private var visible: [String: [Int]] = [:]
  private var functions: [FunctionScope] = []

  private struct FunctionScope {
    var firstActive: Int
    var blocks: [BlockScope] = []
    var labels: [Label] = []
    var jumps: [Jump] = []
  }

  private struct BlockScope {
    var activeCount: Int
    var firstLabel: Int
    var firstJump: Int
  }

  private struct Label {
    var name: LuaName
    var activeCount: Int
  }

  private struct Jump {
    var name: LuaName
    var activeCount: Int
  }

  static func resolve(_ body: LuaBlock) throws(LuaSyntaxError) -> LuaBindings {
    var resolver = LuaResolver()
    resolver.functions.append(FunctionScope(firstActive: 0))
    try resolver.block(body)
    return resolver.bindings
  }

  // MARK: - Scopes

  private mutating func declare(
    _ name: LuaName,
    _ origin: LuaVariable.Origin
  ) throws(LuaSyntaxError) {
    let index = bindings.variables.count
    bindings.variables.append(LuaVariable(name: name, origin: origin))
    bindings.meanings[name.position.offset] = .variable(index)
    active.append(index)
    visible[name.text, default: []].append(index)
    guard active.count - functions[functions.count - 1].firstActive <= Self.localsMax else {
      throw LuaSyntaxError(
        at: name.position,
        "too many local variables (limit is \(Self.localsMax))"
      )
    }
  }

  private mutating func forget(downTo count: Int) {
    while active.count > count {
      let variable = active.removeLast()
      visible[bindings.variables[variable].name.text]?.removeLast()
    }
  }

  private mutating func openBlock() {
    let last = functions.count - 1
    functions[last].blocks.append(
      BlockScope(
        activeCount: active.count,
        firstLabel: functions[last].labels.count,
        firstJump: functions[last].jumps.count
      )
    )
  }

  private mutating func closeBlock() throws(LuaSyntaxError) {
    let last = functions.count - 1
    guard let scope = functions[last].blocks.popLast() else { return }
    forget(downTo: scope.activeCount)
    functions[last].labels.removeSubrange(scope.firstLabel...)
    for index in scope.firstJump..<functions[last].jumps.count {
      let count = functions[last].jumps[index].activeCount
      functions[last].jumps[index].activeCount = min(count, scope.activeCount)
    }
    guard functions[last].blocks.isEmpty, let jump = functions[last].jumps.first else { return }
    throw LuaSyntaxError(
      at: jump.name.position,
      "no visible label '\(jump.name.text)' for goto at line \(jump.name.position.line)"
    )
  }

  /// Resolves a block in a scope of its own; `tail` is read inside that scope (`repeat … until`).
  private mutating func block(
    _ block: LuaBlock,
    tail: LuaExpression? = nil
  ) throws(LuaSyntaxError) {
    openBlock()
    try statements(of: block, isRepeated: tail != nil)
    if let tail { try expression(tail) }
    try closeBlock()
  }

  private mutating func statements(
    of block: LuaBlock,
    isRepeated: Bool
  ) throws(LuaSyntaxError) {
    let lastAction = block.statements.lastIndex { !$0.isLabel } ?? -1
    for (index, statement) in block.statements.enumerated() {
      if case .label(let name) = statement.kind {
        let isLast = !isRepeated && index > lastAction
        try label(name, isLast: isLast)
      } else {
        try self.statement(statement)
      }
    }
  }

  private mutating func function(_ function: LuaFunction) throws(LuaSyntaxError) {
    functions.append(FunctionScope(firstActive: active.count))
    openBlock()
    for (index, parameter) in function.parameters.enumerated() {
      try declare(parameter, .parameter(function: function.position, index: index))
    }
    try statements(of: function.body, isRepeated: false)
    try closeBlock()
    functions.removeLast()
  }

  // MARK: - Labels and jumps

  private mutating func label(_ name: LuaName, isLast: Bool) throws(LuaSyntaxError) {
    let last = functions.count - 1
    try limit(functions[last].labels.count, at: name)
    if let other = functions[last].labels.first(where: { $0.name.text == name.text }) {
      let line = other.name.position.line
      throw LuaSyntaxError(
        at: name.position,
        "label '\(name.text)' already defined on line \(line)"
      )
    }
    guard let scope = functions[last].blocks.last else { return }
    // A label at the end of its block is out of the scope of the block's variables.
    let count = isLast ? scope.activeCount : active.count
    functions[last].labels.append(Label(name: name, activeCount: count))
    var rest: [Jump] = []
    for jump in functions[last].jumps[scope.firstJump...] {
      if jump.name.text != name.text {
        rest.append(jump)
      } else if jump.activeCount < count {
        let variable = bindings.variables[active[jump.activeCount]].name.text
        throw LuaSyntaxError(
          at: jump.name.position,
          "<goto \(name.text)> at line \(jump.name.position.line) jumps into the scope of local "
            + "'\(variable)'"
        )
      }
    }
    functions[last].jumps.replaceSubrange(scope.firstJump..., with: rest)
  }

  private func limit(_ count: Int, at name: LuaName) throws(LuaSyntaxError) {
    guard count < Self.labelsMax else {
      throw LuaSyntaxError(
        at: name.position,
        "too many labels or gotos (limit is \(Self.labelsMax))"
      )
    }
  }

  private mutating func jump(_ name: LuaName) throws(LuaSyntaxError) {
    let last = functions.count - 1
    try limit(functions[last].jumps.count, at: name)
    guard !functions[last].labels.contains(where: { $0.name.text == name.text }) else { return }
    functions[last].jumps.append(Jump(name: name, activeCount: active.count))
  }

  // MARK: - Statements

  private mutating func statement(_ statement: LuaStatement) throws(LuaSyntaxError) {
    switch statement.kind {
    case .local(let names, let values):
      try local(names, values)
    case .localFunction(let name, let function):
      try declare(name, .function(function))
      try self.function(function)
    case .function(let target, let function):
      try assign(target)
      try self.function(function)
    case .assignment(let targets, let values):
      for target in targets { try assign(target) }
      for value in values { try expression(value) }
    case .call(let call):
      try expression(call)
    case .block(let body):
      try block(body)
    case .whileLoop(let condition, let body):
      try expression(condition)
      try block(body)
    case .repeatLoop(let body, let condition):
      try block(body, tail: condition)
    case .conditional(let clauses, let otherwise):
      for clause in clauses {
        try expression(clause.condition)
        try block(clause.body)
      }
      if let otherwise { try block(otherwise) }
    case .numericFor(let name, let range, let body):
      try loop([name], range, body)
    case .genericFor(let names, let values, let body):
      try loop(names, values, body)
    case .goto(let name):
      try jump(name)
    case .returned(let values):
      for value in values { try expression(value) }
    case .label, .breakLoop:
      break
    }
  }

  private mutating func local(
    _ names: [LuaName],
    _ values: [LuaExpression]
  ) throws(LuaSyntaxError) {
    for value in values { try expression(value) }
    for (index, name) in names.enumerated() {
      try declare(name, .local(index < values.count ? values[index] : nil))
    }
  }

  private mutating func loop(
    _ names: [LuaName],
    _ values: [LuaExpression],
    _ body: LuaBlock
  ) throws(LuaSyntaxError) {
    for value in values { try expression(value) }
    openBlock()
    for name in names { try declare(name, .loop) }
    try block(body)
    try closeBlock()
  }

  private mutating func assign(_ target: LuaExpression) throws(LuaSyntaxError) {
    try expression(target)
    guard let index = bindings.variable(of: target) else { return }
    guard bindings.variables[index].name.attribute == nil else {
      let name = bindings.variables[index].name.text
      throw LuaSyntaxError(
        at: target.position,
        "attempt to assign to const variable '\(name)'"
      )
    }
    bindings.variables[index].isAssigned = true
  }

  // MARK: - Expressions

  private mutating func expression(_ expression: LuaExpression) throws(LuaSyntaxError) {
    switch expression.kind {
    case .nil, .boolean, .number, .string, .variadic:
      break
    case .function(let function):
      try self.function(function)
    case .table(let fields):
      for field in fields {
        if case .computed(let key) = field.key { try self.expression(key) }
        try self.expression(field.value)
      }
    case .name(let text):
      let meaning = meaning(of: text)
      bindings.meanings[expression.position.offset] = meaning
      if case .variable(let index) = meaning { bindings.variables[index].useCount += 1 }
    case .suffixed(let base, let suffixes):
      try self.expression(base)
      if let index = bindings.variable(of: base), case .call(let values)? = suffixes.first?.kind {
        bindings.variables[index].calls.append(values)
      }
      for suffix in suffixes { try self.suffix(suffix) }
    case .parenthesised(let inner):
      try self.expression(inner)
    case .unary(_, let operand):
      try self.expression(operand)
    case .binary(let first, let links):
      try self.expression(first)
      for link in links { try self.expression(link.operand) }
    }
  }

  private mutating func suffix(_ suffix: LuaSuffix) throws(LuaSyntaxError) {
    switch suffix.kind {
    case .field:
      break
    case .index(let index):
      try expression(index)
    case .call(let values), .method(_, let values):
      for value in values { try expression(value) }
    }
  }

  private func meaning(of text: String) -> LuaBindings.Meaning {
    if let index = visible[text]?.last { return .variable(index) }
    return visible["_ENV"]?.last == nil ? .global : .unknown
  }
}

extension LuaStatement {
  var isLabel: Bool {
    if case .label = kind { return true }
    return false
  }
}
