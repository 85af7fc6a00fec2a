internal import Service
internal import Wire

/// `pointsman strategies`.
enum StrategiesVerb {
  static let verb = Verb(
    name: "strategies",
    operands: "[list|reload|versions|rollback [NAME]]",
    summary: "list the strategies of a running server, load them again, go back to earlier ones",
    flags: [
      Verb.data,
      Verb.Flag(
        name: "--no-self-test",
        summary: "with reload and rollback: do not run the strategies' own tests first"
      ),
    ],
    example: "pointsman strategies reload",
    operandCount: 0...3,
    words: ["list", "reload", "versions", "rollback", "shadow", "promote"],
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    let word = invocation.operands.first ?? "list"
    if word == "shadow" || word == "promote" {
      throw UsageError("strategies \(word) is not available yet")
    }
    let most = word == "rollback" ? 2 : 1
    guard invocation.operands.count <= most else {
      throw UsageError(
        "strategies \(word) does not take \"\(invocation.operands[most])\""
          + " (pointsman strategies --help)"
      )
    }
    let changes = word == "reload" || word == "rollback"
    if invocation.has("--no-self-test"), !changes {
      throw UsageError("--no-self-test goes with reload and rollback only")
    }
    var client = try ControlClient(data: invocation.data)
    switch word {
    case "reload", "rollback": return try change(&client, word, invocation)
    case "versions": return try versions(&client, invocation)
    default: return try list(&client, invocation)
    }
  }

  private static func change(
    _ client: inout ControlClient,
    _ word: String,
    _ invocation: Invocation
  ) throws -> Outcome {
    var request = ControlRequest(word)
    if invocation.has("--no-self-test") { request.set("self_test", false) }
    if invocation.operands.count == 2 { request.set("to", invocation.operands[1]) }
    switch try client.ask(request) {
    case .refused(let message, let findings):
      for finding in findings { Console.complain(finding) }
      Console.complain("pointsman: \(message)")
      return .found
    case .result(let text, let value):
      guard !invocation.json else {
        Console.print(text)
        return .well
      }
      var line = "generation \(value["generation"]?.string ?? "?")"
      line += ", version \(value["version"]?.integer ?? 0)"
      if let of = value["of"]?.integer { line += ", as version \(of)" }
      if value["changed"]?.bool == false { line += ", unchanged" }
      Console.print(line)
      if value["folder"]?.string == "differs" {
        Console.complain(
          "the folder now differs from what runs; a change of its files loads it again"
        )
      }
      return .well
    }
  }

  private static func versions(
    _ client: inout ControlClient,
    _ invocation: Invocation
  ) throws -> Outcome {
    let (text, value) = try client.result(of: ControlRequest("versions"))
    guard !invocation.json else {
      Console.print(text)
      return .well
    }
    var table = Table(["VERSION", "FINGERPRINT", "SINCE", "STATE", "CALLS", "ASKED", "CHANGED"])
    for version in value["versions"]?.elements ?? [] {
      table.add([
        "\(version["number"]?.integer ?? 0)",
        String((version["fingerprint"]?.string ?? "").prefix(12)),
        String((version["time"]?.string ?? "").prefix(19)),
        version["state"]?.string ?? "",
        "\(version["calls"]?.integer ?? 0)",
        asked(version),
        changes(version),
      ])
    }
    for line in table.lines { Console.print(line) }
    if value["folder"]?.string == "differs" { Console.print("the folder differs from what runs") }
    return .well
  }

  private static func asked(_ version: JSONValue) -> String {
    let word = version["asked"]?.string ?? ""
    return version["of"]?.integer.map { "\(word) to \($0)" } ?? word
  }

  /// `+` for a file that was added, `-` for one that was removed.
  private static func changes(_ version: JSONValue) -> String {
    var words: [String] = []
    for (key, sign) in [("added", "+"), ("changed", ""), ("removed", "-")] {
      words += (version[key]?.elements ?? []).compactMap { $0.string }.map { sign + $0 }
    }
    guard words.count > 4 else { return words.isEmpty ? "-" : words.joined(separator: " ") }
    return words.prefix(4).joined(separator: " ") + " and \(words.count - 4) more"
  }

  private static func list(
    _ client: inout ControlClient,
    _ invocation: Invocation
  ) throws -> Outcome {
    let (text, value) = try client.result(of: ControlRequest("strategies"))
    guard !invocation.json else {
      Console.print(text)
      return .well
    }
    var table = Table(["STRATEGY", "ROUTING POINTS"])
    for entry in value["strategies"]?.elements ?? [] {
      let points = (entry["routing_points"]?.elements ?? []).compactMap { $0.string }
      table.add([
        entry["name"]?.string ?? "",
        points.isEmpty ? "-" : points.joined(separator: " "),
      ])
    }
    for line in table.lines { Console.print(line) }
    let retired = value["retired"]?.integer ?? 0
    let old = retired > 0 ? ", \(retired) older still in use" : ""
    let version = value["version"]?.integer ?? 0
    Console.print("generation \(value["generation"]?.string ?? "?"), version \(version)\(old)")
    return .well
  }
}
