internal import Service
internal import Wire

/// The verbs that show a part of a running server's picture.
enum ListVerbs {
  /// The table of `calls`.
  static func callTable(_ picture: JSONValue) -> Table {
    var table = Table(["CONNID", "FROM", "DIALLED", "STATE", "AT", "TARGET", "AGE"])
    for call in picture["calls"]?.elements ?? [] {
      table.add([
        call.word("ConnID"), call.word("ANI"), call.word("DNIS"), call.word("state"),
        call.word("at"), call.word("target"), Human.span(call.seconds("age")),
      ])
    }
    return table
  }

  static let queues = list(
    "queues",
    "queues: who waits, how long, and who serves",
    table: queueTable
  )

  /// The table of `queues`.
  static func queueTable(_ picture: JSONValue) -> Table {
    var table = Table(["QUEUE", "NAME", "WAITING", "OLDEST", "AGENTS FREE", "LOGGED IN"])
    for queue in picture["queues"]?.elements ?? [] {
      let count = queue["waiting"]?.elements?.count ?? 0
      let isVirtual = queue["virtual"]?.bool == true
      table.add([
        queue.word("dn"), queue.word("name"), "\(count)",
        count == 0 ? "-" : Human.span(queue.seconds("oldest_wait")),
        isVirtual ? "virtual" : "\(queue["agents_available"]?.integer ?? 0)",
        isVirtual ? "-" : "\(queue["agents_logged_in"]?.integer ?? 0)",
      ])
    }
    return table
  }

  static let agents = list("agents", "agents: where they are and what they do", table: agentTable)

  /// The table of `agents`.
  static func agentTable(_ picture: JSONValue) -> Table {
    var table = Table(["AGENT", "NAME", "DN", "STATE", "FOR", "CALL"])
    for agent in picture["agents"]?.elements ?? [] {
      var state = agent.word("state")
      let reason = agent["reason"]?.string ?? ""
      if !reason.isEmpty { state += " (\(reason))" }
      if let pending = agent["pending"]?.string { state += ", then \(pending)" }
      table.add([
        agent.word("id"), agent.word("name"), agent.word("dn"), state,
        Human.span(agent.seconds("for")), agent.word("call"),
      ])
    }
    return table
  }

  static let dns = Verb(
    name: "dns",
    operands: "[register|unregister DN]",
    summary: "DNs: what they are and whether calls reach them; or bring one into service",
    flags: [Verb.data],
    example: "pointsman dns register 7001",
    operandCount: 0...2,
    words: ["register", "unregister"],
    run: { invocation in
      var client = try ControlClient(data: invocation.data)
      guard !invocation.operands.isEmpty else {
        return try show("dns", invocation, &client, table: dnTable)
      }
      guard invocation.operands.count == 2 else { throw UsageError("dns needs a DN to register") }
      var request = ControlRequest("register")
      request.set("dn", invocation.operands[1])
      request.set("in", invocation.operands[0] == "register" ? UInt64(1) : 0)
      switch try client.ask(request) {
      case .refused(let message, _):
        Console.complain("pointsman: \(message)")
        return .found
      case .result(let text, _):
        Console.print(
          invocation.json ? text : "\(invocation.operands[1]): \(invocation.operands[0])ed"
        )
        return .well
      }
    }
  )

  private static func dnTable(_ picture: JSONValue) -> Table {
    var table = Table(["DN", "KIND", "SERVICE", "AGENT"])
    for dn in picture["dns"]?.elements ?? [] {
      table.add([
        dn.word("dn"), dn.word("kind"), dn["in_service"]?.bool == true ? "in" : "out",
        dn.word("agent"),
      ])
    }
    return table
  }

  static let reservations = list(
    "reservations",
    "reservations: which agent is kept for which call"
  ) { picture in
    var table = Table(["AGENT", "CALL", "REASON", "ENDS IN"])
    for entry in picture["reservations"]?.elements ?? [] {
      let expires = entry["expires_in"]?.number
      table.add([
        entry.word("agent"), entry.word("owner"), entry.word("reason"),
        expires.map { Human.span($0) } ?? "-",
      ])
    }
    return table
  }

  static let refused = list(
    "refused",
    "requests that became neither a call nor a registration: from where, whose, and the answer"
  ) { picture in
    var table = Table(["TIME", "FROM", "METHOD", "BY", "FOR", "ANSWER"])
    for request in picture["refused"]?.elements ?? [] {
      let transport = request.word("transport")
      table.add([
        Human.timeOfDay(request["time"]?.string ?? ""),
        request.word("peer") + (transport == "udp" ? "" : " \(transport)"),
        request.word("method"), request.word("from"), request.word("to"), request.word("answer"),
      ])
    }
    return table
  }

  private static func list(
    _ name: String,
    _ summary: String,
    table: @escaping @Sendable (JSONValue) -> Table
  ) -> Verb {
    Verb(
      name: name,
      summary: summary,
      flags: [Verb.data],
      example: "pointsman \(name) --data var",
      run: { invocation in
        var client = try ControlClient(data: invocation.data)
        return try show(name, invocation, &client, table: table)
      }
    )
  }

  static func show(
    _ name: String,
    _ invocation: Invocation,
    _ client: inout ControlClient,
    table: (JSONValue) -> Table
  ) throws -> Outcome {
    let (text, value) = try client.result(of: ControlRequest(name))
    guard !invocation.json else {
      Console.print(text)
      return .well
    }
    for line in table(value).lines { Console.print(line) }
    return .well
  }
}

extension JSONValue {
  /// A text field; `-` when it is empty or missing.
  func word(_ key: String) -> String {
    guard let text = self[key]?.string, !text.isEmpty else { return "-" }
    return text
  }

  /// A time in seconds; 0 when it is missing.
  func seconds(_ key: String) -> Double { self[key]?.number ?? 0 }
}
