// Names: globals, members of the world's tables, members of the call.

extension CheckWalk {
  mutating func checkGlobal(_ expression: LuaExpression) {
    guard let name = bindings.global(of: expression) else { return }
    switch check.surface.globals[name] {
    case .available?:
      return
    case .notYet?:
      error(at: expression.position, "\(name) is not available yet")
    case nil:
      guard !check.allowedGlobals.contains(name), !memberTables.contains(name) else { return }
      if Self.removed.contains(name) {
        error(at: expression.position, "'\(name)' is not available in strategies")
      } else {
        let hint = nearestName(to: name, before: expression.position)
          .map { ", did you mean '\($0)'?" }
        error(at: expression.position, "undefined name '\(name)'\(hint ?? "")")
      }
    }
  }

  /// Names of standard Lua that the sandbox takes away: not misspelt, so they get a clearer word.
  private static let removed: Set<String> = [
    "io", "os", "debug", "load", "loadstring", "loadfile", "dofile", "package", "coroutine",
    "collectgarbage", "rawset", "_G", "_ENV", "setmetatable", "getmetatable",
  ]

  /// The tables of the allow list whose members it names (`string` when it has `string.format`).
  private var memberTables: Set<String> {
    Set(
      check.allowedGlobals.compactMap { name in
        name.firstIndex(of: ".").map { String(name[..<$0]) }
      }
    )
  }

  mutating func checkAssignment(to target: LuaExpression, isFunction: Bool) {
    if let key = stateKey(target) {
      walk(key)
      if isFunction {
        error(at: target.position, "state keeps texts, numbers and booleans only")
      }
      return checkStateKey(key)
    }
    switch target.kind {
    case .name:
      guard let name = bindings.global(of: target) else { return }
      let advice = isFunction ? "local function \(name)" : "local \(name)"
      error(
        at: target.position,
        "assignment to global '\(name)': globals are read-only, use \(advice)"
      )
    case .suffixed(let base, let suffixes):
      checkMemberAssignment(base, suffixes, at: target.position)
    case .nil, .boolean, .number, .string, .variadic, .function, .table, .parenthesised, .unary,
      .binary:
      break
    }
  }

  private mutating func checkMemberAssignment(
    _ base: LuaExpression,
    _ suffixes: [LuaSuffix],
    at position: SourcePosition
  ) {
    checkGlobal(base)
    for suffix in suffixes { walk(suffix) }
    guard let last = suffixes.last, let first = suffixes.first, !isComputed(suffixes) else {
      return
    }
    if isCall(base) {
      checkCallAssignment(first, last, isDirect: suffixes.count == 1)
    } else if let name = bindings.global(of: base) {
      let member = suffixes.count == 1 ? memberName(first).map { ".\($0)" } ?? "" : ""
      error(at: position, "'\(name)\(member)' cannot be assigned: globals are read-only")
    }
  }

  /// Whether a chain passes through the result of a call.
  private func isComputed(_ suffixes: [LuaSuffix]) -> Bool {
    suffixes.contains { suffix in
      switch suffix.kind {
      case .call, .method: true
      case .field, .index: false
      }
    }
  }

  private mutating func checkCallAssignment(
    _ first: LuaSuffix,
    _ last: LuaSuffix,
    isDirect: Bool
  ) {
    guard let member = memberName(first) else { return }
    if isDirect, check.surface.callFields[member] != nil {
      error(at: first.position, "call.\(member) cannot be set: the call's facts are read-only")
    } else if isDirect || member == "user_data" {
      let key = memberName(last) ?? "key"
      let place = isDirect ? "call.\(member)" : "call.user_data"
      error(
        at: last.position,
        "\(place) cannot be set: keep data with call:attach { \(key) = value }"
      )
    }
  }

  /// The name that `.name` or `["name"]` reads.
  func memberName(_ suffix: LuaSuffix) -> String? {
    switch suffix.kind {
    case .field(let name): return name
    case .index(let index):
      guard case .string(let literal) = index.bare.kind else { return nil }
      return literal.text
    case .call, .method: return nil
    }
  }

  // MARK: - Members

  mutating func checkMembers(of base: LuaExpression, _ suffixes: [LuaSuffix]) {
    if isCall(base) { return checkCallMember(suffixes) }
    guard let first = suffixes.first else { return }
    if isNamedAsCall(base), case .method(let name, _) = first.kind,
      check.surface.callMethods[name] == .notYet
    {
      error(at: first.position, "call:\(name) is not available yet")
    }
    let value = literal(base)
    if case .suffixed(let queues, let path) = value.kind, path.count == 1,
      bindings.global(of: queues) == "queues"
    {
      return checkQueueField(first)
    }
    if isLocalTime(base) { return checkLocalTimeField(first) }
    guard let global = bindings.global(of: value) else { return }
    switch global {
    case "state":
      checkStateKey(first)
    case "queues":
      checkQueueFacts(suffixes)
    case "agents":
      checkAgentFacts(suffixes)
    default:
      if case .call(let arguments) = first.kind {
        checkGlobalCall(global, arguments, at: base.position, end: first.position)
        if global == "local_time", let second = suffixes.dropFirst().first {
          checkLocalTimeField(second)
        }
      } else if let member = memberName(first) {
        checkLibraryMember(global, member, at: first.position)
      }
    }
  }

  private mutating func checkLibraryMember(
    _ table: String,
    _ member: String,
    at position: SourcePosition
  ) {
    let prefix = table + "."
    guard check.allowedGlobals.contains(where: { $0.hasPrefix(prefix) }),
      !check.allowedGlobals.contains(prefix + member)
    else { return }
    let members = check.allowedGlobals.filter { $0.hasPrefix(prefix) }
      .map { String($0.dropFirst(prefix.count)) }
    let hint = suggestion(for: member, among: members) { "'\(prefix)\($0)'" }
    error(at: position, "'\(table)' has no field '\(member)'\(hint)")
  }

  private mutating func checkCallMember(_ suffixes: [LuaSuffix]) {
    guard let first = suffixes.first else { return }
    switch first.kind {
    case .method(let name, let arguments):
      checkCallMethod(name, arguments, at: first.position)
    case .field, .index:
      guard let name = memberName(first) else { return }
      checkCallField(name, followedBy: suffixes.dropFirst().first, at: first.position)
    case .call:
      error(at: first.position, "the call is not a function")
    }
  }

  private mutating func checkCallMethod(
    _ name: String,
    _ arguments: [LuaExpression],
    at position: SourcePosition
  ) {
    switch check.surface.callMethods[name] {
    case .available?:
      checkCallVerb(name, arguments, at: position)
    case .notYet?:
      error(at: position, "call:\(name) is not available yet")
    case nil:
      guard check.surface.callFields[name] == nil else {
        return error(at: position, "call.\(name) is a fact, not a method: write call.\(name)")
      }
      let hint = suggestion(for: name, among: check.surface.callMethods.keys) { "call:\($0)" }
      error(at: position, "the call has no method '\(name)'\(hint)")
    }
  }

  private mutating func checkCallField(
    _ name: String,
    followedBy next: LuaSuffix?,
    at position: SourcePosition
  ) {
    let surface = check.surface
    switch surface.callFields[name] ?? surface.callMethods[name] {
    case .available?:
      guard surface.callFields[name] == nil, case .call(let arguments)? = next?.kind,
        arguments.first.map({ !isCall($0) && (!$0.isOpen || writtenTarget($0) != nil) }) ?? true
      else { return }
      error(at: position, "'\(name)' is called with a colon: write call:\(name)(...)")
    case .notYet?:
      let mark = surface.callFields[name] == nil ? ":" : "."
      error(at: position, "call\(mark)\(name) is not available yet")
    case nil:
      let known = Array(surface.callFields.keys) + Array(surface.callMethods.keys)
      let hint = suggestion(for: name, among: known) { nearest in
        surface.callFields[nearest] == nil ? "call:\(nearest)" : "call.\(nearest)"
      }
      error(at: position, "the call has no field '\(name)'\(hint)")
    }
  }

  /// Finds `call.ani == 4420`: text never equals a number, and cannot be ordered with one.
  mutating func checkComparison(_ left: LuaExpression, _ link: LuaOperation) {
    let fact: String
    let other: LuaExpression
    if let name = textFact(left) {
      (fact, other) = (name, link.operand)
    } else if let name = textFact(link.operand) {
      (fact, other) = (name, left)
    } else {
      return
    }
    guard number(literal(other)) != nil else { return }
    switch link.operator {
    case .equal, .notEqual:
      report(
        .warning,
        at: left.position,
        "call.\(fact) is a string and never equals a number: put the number in quotes"
      )
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      error(
        at: left.position,
        "call.\(fact) is a string and cannot be compared with a number: use tonumber"
      )
    case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power, .concatenate,
      .shiftLeft, .shiftRight, .bitAnd, .bitXor, .bitOr, .and, .or:
      break
    }
  }

  /// The name of the call's fact that an expression reads, if that fact is text.
  private func textFact(_ expression: LuaExpression) -> String? {
    guard case .suffixed(let base, let suffixes) = literal(expression).kind,
      isCall(base), let name = suffixes.first.flatMap({ memberName($0) })
    else { return nil }
    if suffixes.count == 2, name == "user_data" {
      return memberName(suffixes[1]).map { "user_data.\($0)" }
    }
    guard suffixes.count == 1, check.surface.callTextFields.contains(name) else { return nil }
    return name
  }

  // MARK: - The world's facts

  private mutating func checkQueueFacts(_ suffixes: [LuaSuffix]) {
    guard let first = suffixes.first else { return }
    if case .index(let index) = first.kind {
      checkName(index, .line, usage: "queues[...]")
    } else if let name = memberName(first) {
      checkKnown(name, .line, at: first.position)
    }
    if let second = suffixes.dropFirst().first { checkQueueField(second) }
  }

  private mutating func checkQueueField(_ suffix: LuaSuffix) {
    guard let field = memberName(suffix) else { return }
    switch check.surface.queueFields[field] {
    case .available?: break
    case .notYet?: error(at: suffix.position, "queues[...].\(field) is not available yet")
    case nil:
      let hint = suggestion(for: field, among: check.surface.queueFields.keys)
      error(at: suffix.position, "a queue has no field '\(field)'\(hint)")
    }
  }

  private mutating func checkAgentFacts(_ suffixes: [LuaSuffix]) {
    guard let first = suffixes.first, let name = memberName(first) else { return }
    switch check.surface.agentFunctions[name] {
    case .available?:
      guard case .call(let arguments)? = suffixes.dropFirst().first?.kind,
        let filter = arguments.first
      else { return }
      checkAgentFilter(filter, owner: "agents.\(name)")
    case .notYet?: error(at: first.position, "agents.\(name) is not available yet")
    case nil:
      let hint = suggestion(for: name, among: check.surface.agentFunctions.keys) {
        "agents.\($0)"
      }
      error(at: first.position, "agents has no function '\(name)'\(hint)")
    }
  }
}
