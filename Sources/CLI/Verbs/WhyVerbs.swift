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

  /// Asks the server, and looks into the store for what it has no record of any more.
  private static func show(_ request: ControlRequest, _ invocation: Invocation) throws -> Outcome {
    let call = invocation.operands[0]
    let agent = invocation.operands.count > 1 ? invocation.operands[1] : nil
    func stored() throws -> String? {
      try StoredDecisions.text(
        of: call,
        agent: agent,
        all: invocation.has("--all"),
        data: invocation.data
      )
    }
    do {
      var client = try ControlClient(data: invocation.data)
      switch try client.ask(request) {
      case .refused(let message, _):
        if let text = try? stored() { return try show(text, invocation) }
        Console.complain("pointsman: \(message)")
        return .found
      case .result(let text, let value):
        if value["cut"]?.bool == true, let whole = try? stored() {
          return try show(whole, invocation)
        }
        return try show(text, invocation)
      }
    } catch let error as ServiceError {
      // Nobody is running there: what was recorded can be asked all the same.
      guard StoredDecisions.isThere(data: invocation.data) else { throw error }
      guard let text = try stored() else {
        Console.complain(
          "pointsman: the store knows no call \"\(call)\": say a ConnID, a CallUUID, the caller's "
            + "number, or last"
        )
        return .found
      }
      return try show(text, invocation)
    }
  }

  private static func show(_ text: String, _ invocation: Invocation) throws -> Outcome {
    guard !invocation.json else {
      Console.print(text)
      return .well
    }
    let value = try JSONValue(parsing: text)
    for line in value["text"]?.elements ?? [] {
      Console.print(Human.plain(line.string ?? ""))
    }
    return .well
  }
}
