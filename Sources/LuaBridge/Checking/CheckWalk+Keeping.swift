// Allocations, local times, what a strategy keeps, and the table that it may return.

extension CheckWalk {
  // MARK: - share, local_time

  mutating func checkShare(_ argument: LuaExpression) {
    expectType("a table", argument, usage: "share")
    guard case .table(let fields) = literal(argument).kind else { return }
    var sum: Double? = 0
    for field in fields {
      if case .positional = field.key, field.value.isOpen {
        sum = nil
        continue
      }
      expectType("a number", field.value, usage: "a part of share")
      guard let part = number(literal(field.value)) else {
        sum = nil
        continue
      }
      if part < 0 { error(at: field.value.position, "a part of share cannot be negative") }
      sum = sum.map { $0 + part }
    }
    if sum == 0 { error(at: argument.position, "the parts of share add up to nothing") }
  }

  mutating func checkLocalTime(_ arguments: [LuaExpression]) {
    expectType("a string", arguments[0], usage: "local_time")
    if case .string(let zone) = literal(arguments[0]).kind, let known = check.timeZones,
      !known.contains(zone.text)
    {
      let hint = suggestion(for: zone.text, among: known) { "\"\($0)\"" }
      let advice = hint.isEmpty ? ": write a name such as \"Europe/London\"" : hint
      error(at: arguments[0].position, "unknown time zone \"\(zone.text)\"\(advice)")
    }
    guard arguments.count > 1 else { return }
    if case .nil = literal(arguments[1]).kind { return }
    expectType("a number", arguments[1], usage: "the instant of local_time")
  }

  /// Whether an expression is a local that only ever holds what `local_time` returned.
  func isLocalTime(_ expression: LuaExpression) -> Bool {
    guard let index = bindings.variable(of: expression.bare),
      case .local(let value?) = bindings.variables[index].origin,
      !bindings.variables[index].isAssigned,
      case .suffixed(let function, let path) = value.bare.kind, path.count == 1,
      case .call = path[0].kind
    else { return false }
    return bindings.global(of: function) == "local_time"
  }

  /// A field that `local_time(…).NAME` reads.
  mutating func checkLocalTimeField(_ suffix: LuaSuffix) {
    guard let name = memberName(suffix), check.surface.localTimeFields[name] == nil else { return }
    let hint = suggestion(for: name, among: check.surface.localTimeFields.keys)
    error(at: suffix.position, "a local time has no field '\(name)'\(hint)")
  }

  // MARK: - state

  /// `state.key = value`: nil when the target is something else.
  func stateKey(_ target: LuaExpression) -> LuaSuffix? {
    guard case .suffixed(let base, let suffixes) = target.kind, suffixes.count == 1,
      bindings.global(of: base) == "state", check.surface.globals["state"] == .available
    else { return nil }
    return suffixes[0]
  }

  mutating func checkStateAssignments(_ targets: [LuaExpression], _ values: [LuaExpression]) {
    for (target, value) in zip(targets, values) where stateKey(target) != nil {
      switch literal(value).kind {
      case .table, .function:
        error(at: value.position, "state keeps texts, numbers and booleans only")
      case .nil, .boolean, .number, .string, .variadic, .name, .suffixed, .parenthesised, .unary,
        .binary:
        break
      }
    }
  }

  mutating func checkStateKey(_ suffix: LuaSuffix) {
    switch suffix.kind {
    case .field: break
    case .index(let index): expectType("a string", index, usage: "state[...]")
    case .call, .method:
      error(at: suffix.position, "state has no functions: write state.key")
    }
  }

  // MARK: - The table that a strategy may return

  /// The function of `route = …`; nil where the text does not show it.
  func routeField(of expression: LuaExpression) -> LuaExpression? {
    guard case .table(let fields) = expression.bare.kind else { return nil }
    return fields.first { key(of: $0) == "route" }?.value
  }

  mutating func checkStrategyTable(_ fields: [LuaField], at position: SourcePosition) {
    guard fields.contains(where: { key(of: $0) == "route" || key(of: $0) == nil }) else {
      return error(
        at: position,
        "a strategy must return a function, got a table without route (modules belong below lib/)"
      )
    }
    for field in fields {
      let names = check.surface.strategyFields
      guard checkKey(of: field, names, what: "field", owner: "a strategy's table"),
        let name = key(of: field)
      else { continue }
      expectType("a function", field.value, usage: "\(name) of a strategy's table")
    }
  }
}
