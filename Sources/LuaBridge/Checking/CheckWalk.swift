// The walk of a check over the tree.
//
// State: what was found so far, and which parameter is the call. Two passes per function: the walk
// over all its expressions (names, arguments), and the flow of control through its statements.
// Invariant: a finding is only made where the text proves it; whatever depends on a value that is
// computed is left alone. A name is the strategy's call only if it resolves to the first parameter
// of the function that the file returns and nothing assigns to that parameter; or to a local that
// only ever stands for such a name: an alias, or a parameter of a local function that every use
// calls with the call.

struct CheckWalk {
  struct Finding {
    var position: SourcePosition
    var severity: Diagnostic.Severity
    var message: String
  }

  let check: StrategyCheck
  let chunk: LuaChunk
  let isModule: Bool

  /// The function that the file returns, if the text shows which one.
  private(set) var strategy: LuaFunction?

  /// The variables that hold the call, and nothing else ever.
  private var callVariables: Set<Int> = []

  private var found: [Finding] = []

  /// What `call:exclude` has named so far, with the line, block by block.
  private var exclusions: [[String: Int]] = []

  /// How much was found so far.
  var findingCount: Int { found.count }
  private var undefinedSuggestions: [String: String?] = [:]

  var bindings: LuaBindings { chunk.bindings }

  /// The findings in order of place.
  var findings: [Finding] {
    let unused = found.filter { finding in
      // A local that nobody uses because its name is misspelt elsewhere is one mistake, not two.
      guard finding.message.hasPrefix("unused local"),
        let name = finding.message.split(separator: " ").last
      else { return true }
      return !found.contains { $0.message.hasSuffix("did you mean \(name)?") }
    }
    return unused.sorted {
      ($0.position.offset, $0.message) < ($1.position.offset, $1.message)
    }
  }

  init(check: StrategyCheck, chunk: LuaChunk, isModule: Bool) {
    self.check = check
    self.chunk = chunk
    self.isModule = isModule
  }

  mutating func run() {
    if !isModule { findStrategy() }
    checkFlow(of: chunk.body, as: isModule ? .other : .file)
    walk(chunk.body)
  }

  mutating func report(
    _ severity: Diagnostic.Severity,
    at position: SourcePosition,
    _ message: String
  ) {
    // Far more than are shown, since showing starts at the top of the file.
    guard found.count < StrategyCheck.diagnosticsMax * 20 else { return }
    found.append(Finding(position: position, severity: severity, message: message))
  }

  mutating func error(at position: SourcePosition, _ message: String) {
    report(.error, at: position, message)
  }

  // MARK: - The strategy function

  private mutating func findStrategy() {
    guard case .returned(let values)? = chunk.body.statements.last?.kind,
      let value = values.first
    else { return }
    guard let function = function(of: (routeField(of: value) ?? value).bare) else { return }
    strategy = function
    guard let parameter = function.parameters.first,
      case .variable(let index) = bindings.meaning(at: parameter.position),
      !bindings.variables[index].isAssigned
    else { return }
    callVariables = [index]
    findCallVariables()
  }

  /// How often aliases of aliases are followed.
  private static let roundsMax = 8

  private mutating func findCallVariables() {
    var owners: [SourcePosition: Int] = [:]
    for (index, variable) in bindings.variables.enumerated() where !variable.isAssigned {
      switch variable.origin {
      case .function(let function): owners[function.position] = index
      case .local(let value?):
        if case .function(let function) = value.bare.kind { owners[function.position] = index }
      case .local, .parameter, .loop: break
      }
    }
    for _ in 0..<Self.roundsMax {
      let before = callVariables.count
      for index in bindings.variables.indices where standsForCall(index, owners) {
        callVariables.insert(index)
      }
      guard callVariables.count > before else { return }
    }
  }

  private func standsForCall(_ index: Int, _ owners: [SourcePosition: Int]) -> Bool {
    let variable = bindings.variables[index]
    guard !variable.isAssigned else { return false }
    switch variable.origin {
    case .local(let value):
      return value.map { isCall($0) } ?? false
    case .parameter(let function, let position):
      guard let owner = owners[function] else { return false }
      let calls = bindings.variables[owner].calls
      guard !calls.isEmpty, bindings.variables[owner].useCount == calls.count else { return false }
      let values = calls.filter { $0.count > position }.map { $0[position] }
      // A function that calls itself may hand its own parameter on.
      let own = values.filter { bindings.variable(of: $0.bare) == index }.count
      let known = values.filter { isCall($0) }.count
      return known > 0 && known + own == calls.count
    case .loop, .function:
      return false
    }
  }

  /// The function that an expression gives, where the text shows it.
  private func function(of expression: LuaExpression) -> LuaFunction? {
    if case .function(let function) = expression.kind { return function }
    guard let index = bindings.variable(of: expression) else { return nil }
    let variable = bindings.variables[index]
    guard !variable.isAssigned else { return nil }
    switch variable.origin {
    case .function(let function): return function
    case .local(let value?):
      guard case .function(let function) = value.bare.kind else { return nil }
      return function
    case .local, .parameter, .loop: return nil
    }
  }

  func isCall(_ expression: LuaExpression) -> Bool {
    guard let index = bindings.variable(of: expression.bare) else { return false }
    return callVariables.contains(index)
  }

  /// Whether an expression reads a parameter that is named as the call, of any function.
  ///
  /// What such a parameter holds is not known; it serves only to find verbs that nobody can serve
  /// yet.
  func isNamedAsCall(_ expression: LuaExpression) -> Bool {
    guard let index = bindings.variable(of: expression.bare),
      case .parameter = bindings.variables[index].origin
    else { return false }
    return bindings.variables[index].name.text == "call"
  }

  // MARK: - Statements

  mutating func walk(_ block: LuaBlock) {
    exclusions.append([:])
    for statement in block.statements {
      walk(statement)
      if case .call(let call) = statement.kind { noteExclusion(call) }
    }
    exclusions.removeLast()
  }

  /// Remembers a `call:exclude(TARGET)` for what follows it in its block.
  private mutating func noteExclusion(_ call: LuaExpression) {
    guard case .suffixed(let base, let suffixes) = call.kind, isCall(base), suffixes.count == 1,
      case .method("exclude", let arguments) = suffixes[0].kind, let first = arguments.first,
      let text = writtenTarget(first)?.text
    else { return }
    exclusions[exclusions.count - 1][text] = call.position.line
  }

  /// The line on which a target was excluded for what is being walked now.
  func excludedLine(of target: String) -> Int? {
    exclusions.lazy.compactMap { $0[target] }.first
  }

  private mutating func walk(_ statement: LuaStatement) {
    switch statement.kind {
    case .local(let names, let values):
      checkUse(of: names, isFunction: false)
      checkShadow(of: names)
      walk(values)
    case .returned(let values):
      walk(values)
    case .localFunction(let name, let function):
      checkUse(of: [name], isFunction: true)
      checkShadow(of: [name])
      walk(function)
    case .function(let target, let function):
      checkAssignment(to: target, isFunction: true)
      walk(function)
    case .assignment(let targets, let values):
      for target in targets { checkAssignment(to: target, isFunction: false) }
      checkStateAssignments(targets, values)
      walk(values)
    case .call(let call):
      walk(call)
    case .block(let body):
      walk(body)
    case .whileLoop(let condition, let body):
      walk(condition)
      walk(body)
    case .repeatLoop(let body, let condition):
      walk(body)
      walk(condition)
    case .conditional(let clauses, let otherwise):
      for clause in clauses {
        walk(clause.condition)
        walk(clause.body)
      }
      if let otherwise { walk(otherwise) }
    case .numericFor(let name, let values, let body):
      checkShadow(of: [name])
      walk(values)
      walk(body)
    case .genericFor(let names, let values, let body):
      checkShadow(of: names)
      walk(values)
      walk(body)
    case .goto, .label, .breakLoop:
      break
    }
  }

  // MARK: - Expressions

  mutating func walk(_ expressions: [LuaExpression]) {
    for expression in expressions { walk(expression) }
  }

  private mutating func walk(_ function: LuaFunction) {
    let isStrategy = function.position == strategy?.position
    checkFlow(of: function.body, as: isStrategy ? .strategy : .other)
    walk(function.body)
  }

  private mutating func walk(_ expression: LuaExpression) {
    switch expression.kind {
    case .nil, .boolean, .number, .string, .variadic:
      break
    case .function(let function):
      walk(function)
    case .table(let fields):
      for field in fields {
        if case .computed(let key) = field.key { walk(key) }
        walk(field.value)
      }
    case .name:
      checkGlobal(expression)
    case .suffixed(let base, let suffixes):
      walk(base)
      checkMembers(of: base, suffixes)
      for suffix in suffixes { walk(suffix) }
    case .parenthesised(let inner):
      walk(inner)
    case .unary(_, let operand):
      walk(operand)
    case .binary(let first, let links):
      walk(first)
      for link in links { walk(link.operand) }
      if links.count == 1 { checkComparison(first, links[0]) }
      checkAlternative(first, links)
    }
  }

  mutating func walk(_ suffix: LuaSuffix) {
    switch suffix.kind {
    case .field: break
    case .index(let index): walk(index)
    case .call(let arguments), .method(_, let arguments): walk(arguments)
    }
  }

  // MARK: - Suggestions

  /// `, did you mean X?` or nothing.
  func suggestion(
    for name: String,
    among candidates: some Sequence<String>,
    shown: (String) -> String = { "'\($0)'" }
  ) -> String {
    guard let nearest = Spelling.nearest(to: name, among: candidates) else { return "" }
    return ", did you mean \(shown(nearest))?"
  }

  /// How many local names are compared with a misspelt one.
  private static let candidatesMax = 1000

  /// The nearest global or local name; searched for once per misspelt name.
  mutating func nearestName(to name: String, before position: SourcePosition) -> String? {
    if let known = undefinedSuggestions[name] { return known }
    var candidates = check.allowedGlobals.filter { !$0.contains(".") }
    for (global, availability) in check.surface.globals where availability == .available {
      candidates.insert(global)
    }
    for variable in bindings.variables.prefix(Self.candidatesMax)
    where variable.name.position.offset < position.offset {
      candidates.insert(variable.name.text)
    }
    let nearest =
      undefinedSuggestions.count < StrategyCheck.diagnosticsMax
      ? Spelling.nearest(to: name, among: candidates) : nil
    undefinedSuggestions[name] = .some(nearest)
    return nearest
  }
}
