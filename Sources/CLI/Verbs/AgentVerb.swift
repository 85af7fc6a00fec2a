internal import Service
internal import Wire

/// `pointsman agent`.
enum AgentVerb {
  static let verb = Verb(
    name: "agent",
    operands: "login|logout|ready|not-ready ID",
    summary: "the T-Library agent requests, from a shell",
    flags: [
      Verb.Flag(name: "--dn", value: "DN", summary: "where to log in (default: his extension)"),
      Verb.Flag(name: "--place", value: "NAME", summary: "the seat where to log in"),
      Verb.Flag(
        name: "--queue",
        value: "DN[,DN]",
        summary: "log in to these queues, or out of this one (default: all that fit)"
      ),
      Verb.Flag(
        name: "--mode",
        value: "M",
        summary:
          "the work mode of ready or not-ready: \(modes.map { $0.word }.joined(separator: ", "))"
      ),
      Verb.Flag(name: "--reason", value: "TEXT", summary: "why he is not ready"),
      Verb.data,
    ],
    example: "pointsman agent not-ready 1001 --mode aux-work --reason lunch",
    operandCount: 2...2,
    words: actions,
    run: run
  )

  private static let actions = ["login", "logout", "ready", "not-ready"]

  /// Names of AttributeAgentWorkMode's numbers (DOMAIN 1.4).
  private static let modes: [(word: String, number: UInt64)] = [
    ("unknown", 0), ("manual-in", 1), ("auto-in", 2), ("after-call-work", 3), ("aux-work", 4),
    ("no-call-disconnect", 5), ("walk-away", 6), ("return-back", 7),
  ]

  private static func run(_ invocation: Invocation) throws -> Outcome {
    let action = invocation.operands[0]
    var request = ControlRequest("agent")
    request.set("action", action)
    request.set("agent", invocation.operands[1])
    if let dn = invocation["--dn"] {
      guard action == "login" else { throw UsageError("--dn goes with login only") }
      request.set("dn", dn)
    }
    if let place = invocation["--place"] {
      guard action == "login", invocation["--dn"] == nil else {
        throw UsageError("--place goes with login only, and without --dn")
      }
      request.set("place", place)
    }
    if let queues = invocation["--queue"] {
      guard action == "login" || action == "logout" else {
        throw UsageError("--queue goes with login and logout only")
      }
      request.set("queues", queues)
    }
    if let mode = invocation["--mode"] {
      let number = try number(ofMode: mode)
      switch action {
      case "not-ready": break
      case "ready":
        guard number == 1 || number == 2 else {
          throw UsageError("--mode of ready is manual-in or auto-in")
        }
      default: throw UsageError("--mode goes with ready and not-ready only")
      }
      request.set("mode", number)
    }
    if let reason = invocation["--reason"] {
      guard action == "not-ready" else { throw UsageError("--reason goes with not-ready only") }
      request.set("reason", reason)
    }
    var client = try ControlClient(data: invocation.data)
    switch try client.ask(request) {
    case .refused(let message, _):
      Console.complain("pointsman: \(message)")
      return .found
    case .result(let text, let value):
      guard !invocation.json else {
        Console.print(text)
        return .well
      }
      var line = "agent \(value.word("id")): \(value.word("state"))"
      if let dn = value["dn"]?.string { line += " at \(dn)" }
      if let pending = value["pending"]?.string { line += ", then \(pending)" }
      if let reason = value["reason"]?.string, !reason.isEmpty { line += " (\(reason))" }
      Console.print(line)
      return .well
    }
  }

  private static func number(ofMode text: String) throws -> UInt64 {
    let word = text.replacing("_", with: "-")
    if let mode = modes.first(where: { $0.word == word }) { return mode.number }
    if let number = UInt64(text), modes.contains(where: { $0.number == number }) { return number }
    let ending = Suggestion.ending(for: text, among: modes.map { $0.word })
    throw UsageError("--mode: there is no work mode \"\(text)\"\(ending)")
  }
}
