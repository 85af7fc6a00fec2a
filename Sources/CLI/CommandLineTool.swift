internal import Service

/// The program: finds the verb, takes its arguments apart, runs it.
enum CommandLineTool {
  /// The version that `--version` prints.
  static let version = Service.version

  /// The verbs, in the order in which `--help` lists them.
  static let verbs: [Verb] = [
    ServeVerb.verb, CheckVerb.verb, TestVerb.verb, ProveVerb.verb, SimulateVerb.verb,
    DryRunVerb.verb, ImportVerb.verb, ReplayVerb.verb, ExportVerb.verb,
    WatchVerb.verb, EventsVerb.verb,
    StrategiesVerb.verb,
    CallsVerb.calls, ListVerbs.queues, ListVerbs.agents, ListVerbs.dns, ListVerbs.reservations,
    ListVerbs.refused,
    StatisticsVerb.verb, AgentVerb.verb, WhyVerbs.why, WhyVerbs.whyNot,
  ]

  /// Verbs of the contract that this version does not serve yet.
  static let laterVerbs: [(name: String, summary: String)] = [
    ("load", "generate SIP load")
  ]

  /// Runs what was typed, without the program's own name.
  static func run(_ arguments: [String]) -> Outcome {
    Console.prepare()
    do {
      return try dispatch(arguments)
    } catch let error as UsageError {
      Console.complain("pointsman: \(error.message)")
      return .impossible
    } catch let error as ServiceError {
      Console.complain("pointsman: \(error.message)")
      return .impossible
    } catch {
      Console.complain("pointsman: \(error)")
      return .impossible
    }
  }

  private static func dispatch(_ arguments: [String]) throws -> Outcome {
    // The verb is the first word that is not a flag or a flag's value.
    guard let position = positionOfVerb(arguments) else {
      if arguments.contains("--version") {
        Console.print("pointsman \(version)")
        return .well
      }
      if arguments.contains("--help") || arguments.contains("-h") {
        Console.print(help)
        return .well
      }
      if let flag = arguments.first {
        throw UsageError("\(flag): a verb is missing; pointsman --help lists them")
      }
      Console.complain(help)
      return .impossible
    }
    let name = arguments[position]
    var rest = arguments
    rest.remove(at: position)
    if name == "help" {
      guard let wanted = rest.first, let verb = verbs.first(where: { $0.name == wanted }) else {
        Console.print(help)
        return .well
      }
      Console.print(verb.help)
      return .well
    }
    if laterVerbs.contains(where: { $0.name == name }) {
      throw UsageError("\(name) is not available yet")
    }
    guard let verb = verbs.first(where: { $0.name == name }) else {
      let known = verbs.map { $0.name }
      throw UsageError(
        "there is no verb \"\(name)\"\(Suggestion.ending(for: name, among: known))"
          + " (pointsman --help lists them)"
      )
    }
    if rest.contains("--help") || rest.contains("-h") {
      Console.print(verb.help)
      return .well
    }
    return try verb.run(try parse(rest, for: verb))
  }

  private static func positionOfVerb(_ arguments: [String]) -> Int? {
    let valued = Set(verbs.flatMap { $0.flags }.filter { $0.value != nil }.map { $0.name })
    var index = 0
    while index < arguments.count {
      let word = arguments[index]
      if !word.hasPrefix("-") { return index }
      index += valued.contains(word) ? 2 : 1
    }
    return nil
  }

  /// Takes arguments apart; flags may stand before or after the operands.
  static func parse(_ arguments: [String], for verb: Verb) throws -> Invocation {
    var result = Invocation()
    var index = 0
    var onlyOperands = false
    while index < arguments.count {
      let word = arguments[index]
      index += 1
      if onlyOperands || !word.hasPrefix("-") || word == "-" {
        result.operands.append(word)
        continue
      }
      if word == "--" {
        onlyOperands = true
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard let flag = verb.allFlags.first(where: { $0.name == name }) else {
        let ending = Suggestion.ending(for: name, among: verb.allFlags.map { $0.name })
        throw UsageError("\(verb.name) has no flag \(name)\(ending)")
      }
      guard let value = flag.value else {
        guard parts.count == 1 else { throw UsageError("\(name) takes no value") }
        result.flags[name] = ""
        continue
      }
      var text = parts.count == 2 ? String(parts[1]) : ""
      if parts.count == 1 {
        guard index < arguments.count else { throw UsageError("\(name) needs a value: \(value)") }
        text = arguments[index]
        index += 1
      }
      if flag.repeats, let before = result.flags[name] { text = before + "\n" + text }
      result.flags[name] = text
    }
    try checkOperands(result.operands, of: verb)
    return result
  }

  private static func checkOperands(_ operands: [String], of verb: Verb) throws {
    if let first = operands.first, !verb.words.isEmpty, !verb.words.contains(first) {
      let ending = Suggestion.ending(for: first, among: verb.words)
      throw UsageError("\(verb.name) cannot \"\(first)\"\(ending) (pointsman \(verb.name) --help)")
    }
    guard verb.operandCount.contains(operands.count) else {
      let few = operands.count < verb.operandCount.lowerBound
      let what = few ? "needs \(verb.operands)" : "does not take \"\(operands.last ?? "")\""
      throw UsageError("\(verb.name) \(what) (pointsman \(verb.name) --help)")
    }
  }

  /// The text of `pointsman --help`.
  static var help: String {
    let width = (verbs.map { $0.name } + laterVerbs.map { $0.name }).map { $0.count }.max() ?? 0
    var lines = [
      "pointsman: a telephone routing engine; Lua strategies decide where SIP calls go",
      "",
      "usage: pointsman VERB … [--json] [--help]",
      "",
    ]
    for verb in verbs { lines.append("  \(verb.name.padded(to: width))  \(verb.summary)") }
    lines += ["", "not available yet:"]
    for verb in laterVerbs { lines.append("  \(verb.name.padded(to: width))  \(verb.summary)") }
    lines += ["", "example: pointsman serve --site site.lua --strategies strategies"]
    return lines.joined(separator: "\n")
  }
}
