internal import Service
internal import Wire

/// `pointsman statistics`.
enum StatisticsVerb {
  static let verb = Verb(
    name: "statistics",
    summary: "what the events since the start add up to: devices, agents, strategies",
    flags: [Verb.data],
    example: "pointsman statistics --data var",
    run: { invocation in
      var client = try ControlClient(data: invocation.data)
      let (text, value) = try client.result(of: ControlRequest("statistics"))
      guard !invocation.json else {
        Console.print(text)
        return .well
      }
      let tables = [devices(value), agents(value), strategies(value)]
      Console.print(tables.map { $0.lines.joined(separator: "\n") }.joined(separator: "\n\n"))
      return .well
    }
  )

  private static func devices(_ value: JSONValue) -> Table {
    var table = Table([
      "DN", "ENTERED", "DISTRIB", "ABAND", "CLEARED", "NOW", "ANSWERED", "AVG WAIT", "SERVICE",
    ])
    for member in value["devices"]?.members ?? [] {
      let device = member.value
      let waits = device["answered_wait"]
      let factor = device["service_factor"]?.integer
      table.add([
        member.key, count(device, "entered"), count(device, "distributed"),
        count(device, "abandoned"), count(device, "cleared"), count(device, "present"),
        count(device, "answered"), average(waits),
        factor.map { "\($0 / 10).\($0 % 10) %" } ?? "-",
      ])
    }
    return table
  }

  private static func agents(_ value: JSONValue) -> Table {
    var table = Table(["AGENT", "CALLS", "MISSED", "LOGIN", "READY", "NOT READY", "ACW", "TALK"])
    for member in value["agents"]?.members ?? [] {
      let agent = member.value
      table.add([
        member.key, count(agent, "calls"), count(agent, "missed"), span(agent, "login_ns"),
        span(agent, "ready_ns"), span(agent, "not_ready_ns"), span(agent, "after_call_work_ns"),
        span(agent, "talk_ns"),
      ])
    }
    return table
  }

  private static func strategies(_ value: JSONValue) -> Table {
    var table = Table(["STRATEGY", "ROUTED", "DEFAULTED", "REJECTED"])
    for member in value["strategies"]?.members ?? [] {
      table.add([
        member.key.isEmpty ? "-" : member.key, count(member.value, "routed"),
        count(member.value, "defaulted"), count(member.value, "rejected"),
      ])
    }
    return table
  }

  private static func count(_ value: JSONValue, _ key: String) -> String {
    "\(value[key]?.integer ?? 0)"
  }

  private static func span(_ value: JSONValue, _ key: String) -> String {
    Human.span(Double(value[key]?.integer ?? 0) / 1e9)
  }

  private static func average(_ waits: JSONValue?) -> String {
    guard let waits, let count = waits["count"]?.integer, count > 0 else { return "-" }
    return Human.span(Double(waits["sum_ns"]?.integer ?? 0) / 1e9 / Double(count))
  }
}
