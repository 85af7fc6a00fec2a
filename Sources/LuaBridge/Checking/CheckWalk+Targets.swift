// Targets: what can never be chosen, and filters that nobody passes.

extension CheckWalk {
  /// A target that is written down, as far as the text shows it.
  struct WrittenTarget {
    /// The function that makes it, or `ANY`.
    var maker: String
    /// Its first name, where that is a literal.
    var name: String?
    /// How it is written; nil where a part of it is computed.
    var text: String?
  }

  /// The target that an expression makes; nil where the text does not show it.
  func writtenTarget(_ expression: LuaExpression) -> WrittenTarget? {
    guard let maker = maker(of: expression) else { return nil }
    let value = literal(expression)
    guard case .suffixed(_, let suffixes) = value.kind,
      case .call(let arguments)? = suffixes.first?.kind
    else { return WrittenTarget(maker: maker, name: nil, text: maker) }
    var name: String?
    if let first = arguments.first, case .string(let text) = literal(first).kind {
      name = text.text
    }
    var parts: [String] = []
    for argument in arguments {
      switch literal(argument).kind {
      case .string(let text): parts.append("\"\(text.text)\"")
      case .number(.integer(let number)): parts.append("\(number)")
      case .nil, .boolean, .number, .variadic, .function, .table, .name, .suffixed,
        .parenthesised, .unary, .binary:
        return WrittenTarget(maker: maker, name: name, text: nil)
      }
    }
    let text =
      parts.count == 1 && name != nil
      ? "\(maker) \(parts[0])" : "\(maker)(\(parts.joined(separator: ", ")))"
    return WrittenTarget(maker: maker, name: name, text: text)
  }

  // MARK: - Lists of targets

  /// Checks what `call:select` waits for.
  mutating func checkSelection(_ argument: LuaExpression) {
    var items = [argument]
    if case .table(let fields) = literal(argument).kind {
      items = fields.compactMap { field in
        guard case .positional = field.key else { return nil }
        return field.value
      }
    }
    var seen: [String: SourcePosition] = [:]
    var takesEverybody = false
    for item in items {
      guard let target = writtenTarget(item) else { continue }
      checkWaitable(target, at: item.position)
      if let text = target.text, let line = excludedLine(of: text) {
        error(
          at: item.position,
          "\(text) can never be chosen: call:exclude on line \(line) keeps the call away from it"
        )
      } else if let text = target.text, let first = seen[text] {
        report(
          .warning,
          at: item.position,
          "\(text) is in this list already (line \(first.line)): one of them is enough"
        )
      } else if takesEverybody, ["agent", "any"].contains(target.maker) {
        report(
          .warning,
          at: item.position,
          "\(target.text ?? "any { ... }") makes no difference: ANY, before it, takes every agent"
        )
      }
      if let text = target.text, seen[text] == nil { seen[text] = item.position }
      if target.maker == "ANY" { takesEverybody = true }
    }
  }

  /// Checks targets that are tried one after the other: what waits or cannot fail is the last one.
  mutating func checkOrder(_ argument: LuaExpression, usage: String) {
    guard case .table(let fields) = literal(argument).kind else { return }
    let items = fields.compactMap { field -> LuaExpression? in
      guard case .positional = field.key else { return nil }
      return field.value
    }
    let makers = items.map { writtenTarget($0)?.maker }
    // A call that is given queues only waits in all of them.
    if usage.hasPrefix("the return"), makers.allSatisfy({ $0 == "queue" }) { return }
    for (item, maker) in zip(items, makers).dropLast() {
      guard let maker, ["queue", "ANY", "any", "reject"].contains(maker) else { continue }
      let text = writtenTarget(item)?.text ?? "\(maker) ..."
      error(at: item.position, "\(usage): \(text) can only be the last of a list")
    }
  }

  /// Refuses what a call cannot wait for.
  private mutating func checkWaitable(_ target: WrittenTarget, at position: SourcePosition) {
    switch target.maker {
    case "queue":
      let text = target.text ?? "queue(...)"
      error(
        at: position,
        "call:select cannot wait for a queue: return it, or write call:route(\(text))"
      )
    case "reject":
      error(at: position, "call:select cannot wait for a refusal: return it")
    case "dn":
      guard let name = target.name, let extensions = check.site.extensions,
        !extensions.contains(name), check.site.dns?.contains(name) ?? false,
        !check.site.routingPoints.contains(name)
      else { return }
      error(
        at: position,
        "call:select waits for extensions only, and \"\(name)\" is none: return dn \"\(name)\""
      )
    default: break
    }
  }

  // MARK: - Single targets

  /// Checks the name in `dn`, `agent` and `queue` against what the site can do with it.
  mutating func checkReach(_ kind: SiteKind, _ argument: LuaExpression) {
    guard case .string(let text) = literal(argument).kind else { return }
    if kind == .dn, check.site.routingPoints.contains(text.text) {
      error(
        at: argument.position,
        "dn \"\(text.text)\" can never be reached: it is a routing point, where strategies start"
      )
    }
    if kind == .queue, let expression = check.site.unservedQueues[text.text] {
      error(
        at: argument.position,
        "nobody can serve queue \"\(text.text)\": no agent of the site satisfies \"\(expression)\""
      )
    }
  }

  // MARK: - Filters

  /// What a filter says in so many words.
  struct WrittenFilter {
    var skills: LuaExpression?
    var skillsText: String?
    var group: String?
    var excluded: Set<String> = []
  }

  /// Finds a filter that nobody of the site passes.
  mutating func checkFit(_ fields: [LuaField], owner: String, at position: SourcePosition) {
    guard let fit = check.filter else { return }
    var filter = WrittenFilter()
    for field in fields {
      switch key(of: field) {
      case "skills":
        filter.skills = field.value
        if case .string(let text) = literal(field.value).kind { filter.skillsText = text.text }
      case "group":
        if case .string(let text) = literal(field.value).kind { filter.group = text.text }
      case "exclude": filter.excluded = excludedAgents(field.value)
      default: break
      }
    }
    let nobody =
      owner == "any" ? "this target can never be chosen" : "the answer is always 0"
    let place = filter.skills?.position ?? position
    let severity: Diagnostic.Severity = owner == "any" ? .error : .warning
    switch fit(filter.skillsText, filter.group, filter.excluded) {
    case .somebody: break
    case .impossible:
      let text = filter.skillsText ?? ""
      report(severity, at: place, "\"\(text)\" holds for nobody, whatever his skills: \(nobody)")
    case .nobody(let reach):
      var conditions: [String] = []
      if let skills = filter.skillsText { conditions.append("satisfies \"\(skills)\"") }
      if let group = filter.group { conditions.append("is in the group \"\(group)\"") }
      if !filter.excluded.isEmpty { conditions.append("is not excluded") }
      let who = conditions.joined(separator: " and ")
      let advice = reach.isEmpty ? "" : " (\(reach))"
      report(severity, at: place, "no agent of the site \(who): \(nobody)\(advice)")
    }
  }

  private func excludedAgents(_ value: LuaExpression) -> Set<String> {
    var items = [value]
    if case .table(let fields) = literal(value).kind { items = fields.map { $0.value } }
    let targets = items.compactMap { writtenTarget($0) }
    return Set(targets.compactMap { $0.maker == "agent" ? $0.name : nil })
  }
}
