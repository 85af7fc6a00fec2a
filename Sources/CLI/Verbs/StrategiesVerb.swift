internal import Service
internal import Wire

/// `pointsman strategies`.
enum StrategiesVerb {
  static let verb = Verb(
    name: "strategies",
    operands: "[list|reload]",
    summary: "list the strategies of a running server, or load them again",
    flags: [Verb.data],
    example: "pointsman strategies reload",
    operandCount: 0...1,
    words: ["list", "reload"],
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    var client = try ControlClient(data: invocation.data)
    guard invocation.operands.first == "reload" else { return try list(&client, invocation) }
    let answer = try client.ask(ControlRequest("reload"))
    switch answer {
    case .refused(let message, let findings):
      for finding in findings { Console.complain(finding) }
      Console.complain("pointsman: \(message)")
      return .found
    case .result(let text, let value):
      if invocation.json {
        Console.print(text)
      } else {
        let generation = value["generation"]?.string ?? "?"
        let changed = value["changed"]?.bool ?? true
        Console.print(changed ? "generation \(generation)" : "generation \(generation), unchanged")
      }
      return .well
    }
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
    Console.print("generation \(value["generation"]?.string ?? "?")\(old)")
    return .well
  }
}
