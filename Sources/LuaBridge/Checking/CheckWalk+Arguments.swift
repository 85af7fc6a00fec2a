// Arguments of the language's functions and verbs, where they are literals.

extension CheckWalk {
  /// The kinds of names that a site defines.
  enum SiteKind: String {
    case dn, queue, agent, trunk, skill, table
    case group = "agent group"
    case virtualQueue = "virtual queue"
    /// A queue or a virtual one: what can be asked how many wait.
    case line
  }

  private func known(_ kind: SiteKind) -> Set<String>? {
    switch kind {
    case .dn: check.site.dns
    case .queue: check.site.queues
    case .agent: check.site.agents
    case .trunk: check.site.trunks
    case .skill: check.site.skills
    case .table: check.site.tables
    case .group: check.site.groups
    case .virtualQueue: check.site.virtualQueues
    case .line: check.site.queues?.union(check.site.virtualQueues ?? [])
    }
  }

  mutating func checkKnown(_ name: String, _ kind: SiteKind, at position: SourcePosition) {
    guard let known = known(kind), !known.contains(name) else { return }
    let hint = suggestion(for: name, among: known) { "\"\($0)\"" }
    let what = kind == .line ? SiteKind.queue : kind
    error(at: position, "unknown \(what.rawValue) \"\(name)\"\(hint)")
  }

  /// Checks a literal that names something of the site; `usage` is how an error calls the function.
  mutating func checkName(_ argument: LuaExpression, _ kind: SiteKind, usage: String) {
    let value = literal(argument)
    switch value.kind {
    case .string(let text):
      checkKnown(text.text, kind, at: argument.position)
    case .number(.integer(let number)):
      error(
        at: argument.position,
        "\(usage) expects a string, got a number: write \"\(number)\""
      )
    case .nil, .boolean, .number, .table, .function, .unary:
      guard let type = typeName(value) else { return }
      error(at: argument.position, "\(usage) expects a string, got \(type)")
    case .variadic, .name, .suffixed, .parenthesised, .binary:
      break
    }
  }

  /// The literal behind an expression: without parentheses, through locals that never change.
  func literal(_ expression: LuaExpression) -> LuaExpression {
    var result = expression.bare
    for _ in 0..<8 {
      guard let index = bindings.variable(of: result),
        case .local(let value?) = bindings.variables[index].origin,
        !bindings.variables[index].isAssigned, !value.isOpen
      else { break }
      // A table that has a name can be changed through it: only what never changes is followed.
      if case .table = value.bare.kind { break }
      result = value.bare
    }
    return result
  }

  /// The type of a literal as an error names it; nil when it is not a literal.
  func typeName(_ expression: LuaExpression) -> String? {
    switch expression.kind {
    case .nil: "nil"
    case .boolean: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .table: "a table"
    case .function: "a function"
    case .unary: number(expression) == nil ? nil : "a number"
    case .variadic, .name, .suffixed, .parenthesised, .binary: nil
    }
  }

  /// The value of a number literal, with its sign.
  func number(_ expression: LuaExpression) -> Double? {
    switch expression.kind {
    case .number(let number): return number.value
    case .unary(.negate, let operand):
      guard case .number(let number) = operand.bare.kind else { return nil }
      return -number.value
    case .nil, .boolean, .string, .variadic, .function, .table, .name, .suffixed,
      .parenthesised, .unary, .binary:
      return nil
    }
  }

  // MARK: - Types

  mutating func expectType(_ type: String, _ argument: LuaExpression, usage: String) {
    guard let actual = typeName(literal(argument)), actual != type else { return }
    error(at: argument.position, "\(usage) expects \(type), got \(actual)")
  }

  /// Expects a number of seconds, zero or more.
  mutating func expectSeconds(_ argument: LuaExpression, usage: String) {
    expectType("a number", argument, usage: usage)
    if let value = number(literal(argument)), value < 0 {
      error(at: argument.position, "\(usage) cannot be negative")
    }
  }

  private mutating func expectWholeNumber(_ argument: LuaExpression, usage: String) {
    expectType("a number", argument, usage: usage)
    let value = literal(argument).kind
    if case .number(.float) = value {
      error(at: argument.position, "\(usage) expects a whole number")
    }
  }

  /// The function that makes the target an expression gives, or `ANY`; nil where the text does not
  /// show it.
  func maker(of expression: LuaExpression) -> String? {
    let value = literal(expression)
    if let name = bindings.global(of: value) { return name == "ANY" ? name : nil }
    guard case .suffixed(let base, let suffixes) = value.kind, suffixes.count == 1,
      case .call = suffixes[0].kind, let name = bindings.global(of: literal(base)),
      Self.targetFunctions.contains(name)
    else { return nil }
    return name
  }

  /// Expects a `dn` or an `agent`: what a call can be kept away from.
  private mutating func expectPerson(_ argument: LuaExpression, usage: String) {
    expectTarget(argument, usage: usage, allowsList: false)
    if let maker = maker(of: argument), maker != "dn", maker != "agent" {
      error(at: argument.position, "\(usage) expects a dn or an agent, got \(maker)")
    }
  }

  /// Refuses literals that cannot be a target, and lists of them where a list may stand.
  mutating func expectTarget(_ argument: LuaExpression, usage: String, allowsList: Bool) {
    let value = literal(argument)
    if let function = bindings.global(of: value), Self.targetFunctions.contains(function) {
      return error(at: argument.position, bareFunctionMessage(function, usage: usage))
    }
    guard let actual = typeName(value) else { return }
    if case .table(let fields) = value.kind {
      guard allowsList else {
        return error(at: argument.position, "\(usage) expects a target, got a table")
      }
      for field in fields {
        guard case .positional = field.key else { continue }
        expectTarget(field.value, usage: usage, allowsList: false)
      }
      return
    }
    var advice = ""
    if case .string(let text) = value.kind { advice = ": write dn \"\(text.text)\"" }
    error(at: argument.position, "\(usage) expects a target, got \(actual)\(advice)")
  }

  static let targetFunctions: Set<String> = ["dn", "agent", "queue", "any", "trunk", "reject"]

  func bareFunctionMessage(_ function: String, usage: String) -> String {
    let example: String
    switch function {
    case "any": example = "write ANY or any { ... }"
    case "reject": example = "write reject(486)"
    case "trunk": example = "write trunk(\"...\", \"...\")"
    default: example = "write \(function) \"...\""
    }
    return "\(usage) expects a target, '\(function)' is a function: \(example)"
  }

  /// Whether argument `index` is certainly missing; if so, says so.
  mutating func isMissing(
    _ index: Int,
    _ arguments: [LuaExpression],
    _ what: String,
    at position: SourcePosition
  ) -> Bool {
    guard index >= arguments.count else { return false }
    if !(arguments.last?.isOpen ?? false) { error(at: position, what) }
    return true
  }

  // MARK: - Functions of the language

  mutating func checkGlobalCall(
    _ name: String,
    _ arguments: [LuaExpression],
    at position: SourcePosition,
    end: SourcePosition
  ) {
    guard check.surface.globals[name] == .available else { return }
    checkCount(of: arguments, usage: name, atMost: Self.argumentsMax[name])
    switch name {
    case "dn", "agent", "queue":
      guard let kind = SiteKind(rawValue: name),
        !isMissing(0, arguments, "\(name) expects a string", at: position)
      else { return }
      checkName(arguments[0], kind, usage: name)
      checkReach(kind, arguments[0])
    case "trunk":
      guard !isMissing(0, arguments, "trunk expects a name and a number", at: position) else {
        return
      }
      checkName(arguments[0], .trunk, usage: "trunk")
      guard !isMissing(1, arguments, "trunk expects a number to dial", at: position) else { return }
      expectType("a string", arguments[1], usage: "the number to dial of trunk")
    case "reject":
      guard !isMissing(0, arguments, "reject expects a SIP status", at: position) else { return }
      let status = arguments[0]
      expectType("a number", status, usage: "reject")
      if let value = number(literal(status)),
        value < 400 || value > 699 || Double(Int(value)) != value
      {
        error(at: status.position, "reject expects a SIP status from 400 to 699")
      }
    case "any":
      checkAny(arguments, at: position)
    case "ANY":
      error(at: position, "ANY is a target, not a function: write any { ... }")
    case "table_lookup":
      guard !isMissing(0, arguments, "table_lookup expects a table and a key", at: position) else {
        return
      }
      checkName(arguments[0], .table, usage: "table_lookup")
      _ = isMissing(1, arguments, "table_lookup expects a key", at: position)
    case "require":
      checkRequire(arguments, at: position)
    case "share":
      guard !isMissing(0, arguments, "share expects a table of parts", at: position) else { return }
      checkShare(arguments[0])
    case "local_time":
      guard !isMissing(0, arguments, "local_time expects a time zone", at: position) else { return }
      checkLocalTime(arguments)
    case "state":
      error(at: position, "state is no function: write state.key")
    default:
      break
    }
  }

  private mutating func checkRequire(_ arguments: [LuaExpression], at position: SourcePosition) {
    guard !isMissing(0, arguments, "require expects a string", at: position) else { return }
    expectType("a string", arguments[0], usage: "require")
    guard let modules = check.modules, case .string(let name) = literal(arguments[0]).kind,
      !modules.contains(name.text)
    else { return }
    let hint = suggestion(for: name.text, among: modules) { "\"\($0)\"" }
    error(at: arguments[0].position, "unknown module \"\(name.text)\"\(hint)")
  }

  private mutating func checkAny(_ arguments: [LuaExpression], at position: SourcePosition) {
    guard !isMissing(0, arguments, "any expects a table: any { ... }", at: position) else { return }
    expectType("a table", arguments[0], usage: "any")
    guard case .table(let fields) = literal(arguments[0]).kind else { return }
    checkFilter(fields, owner: "any", at: position)
  }

  /// How many arguments the functions of the language take, where the number is fixed.
  private static let argumentsMax = [
    "dn": 1, "agent": 1, "queue": 1, "any": 1, "trunk": 2, "reject": 1, "require": 1,
    "table_lookup": 2, "random": 2, "call:select": 2, "call:route": 2, "call:wait": 1,
    "call:priority": 1, "call:attach": 1, "call:note": 1, "call:exclude": 1, "call:header": 1,
    "call:treat": 1,
  ]

  private mutating func checkCount(
    of arguments: [LuaExpression],
    usage: String,
    atMost count: Int?
  ) {
    guard let count, arguments.count > count else { return }
    let what = count == 1 ? "1 argument" : "\(count) arguments"
    error(at: arguments[count].position, "\(usage) takes \(what), got \(arguments.count)")
  }

  // MARK: - Verbs of the call

  mutating func checkCallVerb(
    _ name: String,
    _ arguments: [LuaExpression],
    at position: SourcePosition
  ) {
    let usage = "call:\(name)"
    let wanted: [String: String] = [
      "select": "a target", "route": "a target", "exclude": "a target", "wait": "seconds",
      "priority": "a whole number", "attach": "a table", "note": "a string", "header": "a string",
      "treat": "a table", "keep_place": "a key", "take_place": "a key",
    ]
    checkCount(of: arguments, usage: usage, atMost: Self.argumentsMax[usage])
    guard let what = wanted[name],
      !isMissing(0, arguments, "\(usage) expects \(what)", at: position)
    else { return }
    let first = arguments[0]
    switch what {
    case "a target":
      guard name != "exclude" else { return expectPerson(first, usage: usage) }
      expectTarget(first, usage: usage, allowsList: true)
      if case .table(let fields) = literal(first).kind, fields.isEmpty {
        error(at: first.position, "\(usage) expects at least one target")
      }
      if name == "select" { checkSelection(first) } else { checkOrder(first, usage: usage) }
      if let options = arguments.dropFirst().first { checkOptions(options, usage: usage) }
    case "seconds":
      expectSeconds(first, usage: usage)
    case "a whole number":
      expectWholeNumber(first, usage: usage)
    case "a key":
      expectType("a string", first, usage: usage)
      guard name == "keep_place",
        !isMissing(1, arguments, "\(usage) expects a key and seconds", at: position)
      else { return }
      expectSeconds(arguments[1], usage: usage)
    case "a table":
      expectType(what, first, usage: usage)
      guard case .table(let fields) = literal(first).kind else { return }
      if name == "treat" {
        checkTreatment(fields, at: first.position)
      } else {
        checkAttached(fields)
      }
    default:
      // Lua makes text of a number wherever a string is wanted.
      if name == "note", number(literal(first)) != nil { return }
      expectType(what, first, usage: usage)
    }
  }

  private mutating func checkAttached(_ fields: [LuaField]) {
    for field in fields {
      if case .positional = field.key, !field.value.isOpen {
        error(at: field.position, "call:attach takes named values only: write { name = value }")
      }
      switch literal(field.value).kind {
      case .table, .function:
        error(at: field.value.position, "call:attach keeps texts, numbers and booleans only")
      case .nil, .boolean, .number, .string, .variadic, .name, .suffixed, .parenthesised, .unary,
        .binary:
        break
      }
    }
  }

  private mutating func checkTreatment(_ fields: [LuaField], at position: SourcePosition) {
    let names = check.surface.treatments
    for field in fields {
      guard checkKey(of: field, names, what: "treatment", owner: "call:treat"),
        let name = key(of: field)
      else { continue }
      switch name {
      case "music", "announce": expectType("a string", field.value, usage: "call:treat: \(name)")
      case "collect":
        expectType("a table", field.value, usage: "call:treat: collect")
        guard case .table(let parts) = literal(field.value).kind else { continue }
        for part in parts {
          _ = checkKey(of: part, check.surface.collectFields, what: "field", owner: "collect")
        }
      default: break
      }
    }
    let named = fields.count { if case .named = $0.key { true } else { false } }
    if fields.isEmpty || named > 1 {
      error(at: position, "call:treat takes one treatment, such as { music = \"hold\" }")
    }
  }

  private mutating func checkOptions(_ options: LuaExpression, usage: String) {
    let value = literal(options)
    if let actual = typeName(value), actual != "a table", actual != "nil" {
      error(
        at: options.position,
        "\(usage) expects its options as a table: { timeout = ... }, got \(actual)"
      )
    }
    guard case .table(let fields) = value.kind else { return }
    let names =
      usage == "call:select" ? check.surface.selectOptions : check.surface.routeOptions
    for field in fields {
      guard checkKey(of: field, names, what: "option", owner: usage), let key = key(of: field)
      else { continue }
      if case .nil = literal(field.value).kind { continue }
      switch key {
      case "timeout":
        expectSeconds(field.value, usage: "timeout of \(usage)")
      case "priority":
        expectWholeNumber(field.value, usage: "priority of \(usage)")
      case "virtual_queue":
        checkName(field.value, .virtualQueue, usage: "virtual_queue of \(usage)")
      case "by":
        checkRule(field.value, usage: usage)
      default:
        break
      }
    }
  }

  private mutating func checkRule(_ rule: LuaExpression, usage: String) {
    expectType("a string", rule, usage: "by of \(usage)")
    guard case .string(let name) = literal(rule).kind else { return }
    switch check.surface.selectionRules[name.text] {
    case .available?: break
    case .notYet?:
      error(at: rule.position, "selection rule \"\(name.text)\" is not available yet")
    case nil:
      let hint = suggestion(for: name.text, among: check.surface.selectionRules.keys) {
        "\"\($0)\""
      }
      error(at: rule.position, "unknown selection rule \"\(name.text)\"\(hint)")
    }
  }

  // MARK: - Tables of options

  func key(of field: LuaField) -> String? {
    switch field.key {
    case .positional: return nil
    case .named(let name): return name
    case .computed(let key):
      guard case .string(let text) = literal(key).kind else { return nil }
      return text.text
    }
  }

  /// Whether the field's key is one of `names` and served; reports it otherwise.
  mutating func checkKey(
    of field: LuaField,
    _ names: LanguageSurface.Names,
    what: String,
    owner: String
  ) -> Bool {
    guard let name = key(of: field) else {
      if case .positional = field.key, !field.value.isOpen {
        error(at: field.position, "\(owner) takes named values only: write { name = value }")
      }
      return false
    }
    switch names[name] {
    case .available?:
      return true
    case .notYet?:
      error(at: field.position, "\(what) '\(name)' of \(owner) is not available yet")
    case nil:
      let hint = suggestion(for: name, among: names.keys)
      error(at: field.position, "\(owner) has no \(what) '\(name)'\(hint)")
    }
    return false
  }

  mutating func checkAgentFilter(_ filter: LuaExpression, owner: String) {
    let value = literal(filter)
    if case .table(let fields) = value.kind {
      return checkFilter(fields, owner: owner, at: filter.position)
    }
    if case .nil = value.kind { return }
    let wrongMaker = maker(of: filter).flatMap { $0 == "any" || $0 == "ANY" ? nil : $0 }
    guard let actual = typeName(value) ?? wrongMaker else { return }
    error(at: filter.position, "\(owner) expects ANY, any { ... } or a table, got \(actual)")
  }

  mutating func checkFilter(_ fields: [LuaField], owner: String, at position: SourcePosition) {
    let before = findingCount
    // What is wrong by itself need not be tried on the agents.
    defer { if findingCount == before { checkFit(fields, owner: owner, at: position) } }
    for field in fields {
      guard checkKey(of: field, check.surface.anyFields, what: "field", owner: owner) else {
        continue
      }
      if case .nil = literal(field.value).kind { continue }
      if key(of: field) == "exclude" { checkExclusion(field.value, owner: owner) }
      if key(of: field) == "group" {
        checkName(field.value, .group, usage: "group of \(owner)")
      }
      guard key(of: field) == "skills" else { continue }
      expectType("a string", field.value, usage: "skills of \(owner)")
      if case .string(let text) = literal(field.value).kind {
        checkSkills(text, at: field.value.bare)
      }
    }
  }

  private mutating func checkExclusion(_ value: LuaExpression, owner: String) {
    let usage = "exclude of \(owner)"
    guard case .table(let fields) = literal(value).kind else {
      return expectPerson(value, usage: usage)
    }
    for field in fields {
      if case .positional = field.key { expectPerson(field.value, usage: usage) }
    }
  }

  private mutating func checkSkills(_ literal: LuaStringLiteral, at value: LuaExpression) {
    // Columns inside the expression only make sense where its text stands in this very place.
    let isInPlace: Bool
    if case .string = value.kind { isInPlace = true } else { isInPlace = false }
    func place(_ column: Int) -> SourcePosition {
      guard isInPlace else { return value.position }
      var position = literal.contentPosition
      position.column += column - 1
      position.offset += column - 1
      return position
    }
    if let problem = check.skillExpression?(literal.text) {
      return error(at: place(problem.column), "skill expression: \(problem.message)")
    }
    for name in SkillNames.names(in: literal.text) {
      checkKnown(name.text, name.isGroup ? .group : .skill, at: place(name.column))
    }
  }
}
