internal import Service
internal import Wire

/// `pointsman why` and `pointsman why-not`.
enum WhyVerbs {
  static let why = Verb(
    name: "why",
    operands: "CALL",
    summary: "why a call went where it went: every request, every candidate, every rule",
    flags: [
      Verb.data,
      Verb.Flag(name: "--all", summary: "every candidate, however many there are"),
    ],
    example: "pointsman why last",
    operandCount: 1...1,
    run: { invocation in
      var request = ControlRequest("decision")
      request.set("call", invocation.operands[0])
      if invocation.has("--all") { request.set("all", UInt64(1)) }
      return try show(request, invocation)
    }
  )

  static let whyNot = Verb(
    name: "why-not",
    operands: "CALL AGENT",
    summary: "why an agent did not get a call: what he was whenever somebody was looked for",
    flags: [Verb.data],
    example: "pointsman why-not last 1003",
    operandCount: 2...2,
    run: { invocation in
      var request = ControlRequest("decision")
      request.set("call", invocation.operands[0])
      request.set("agent", invocation.operands[1])
      return try show(request, invocation)
    }
  )

  private static func show(_ request: ControlRequest, _ invocation: Invocation) throws -> Outcome {
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
      for line in value["text"]?.elements ?? [] { Console.print(line.string ?? "") }
      return .well
    }
  }
}
