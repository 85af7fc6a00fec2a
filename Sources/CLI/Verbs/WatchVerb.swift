internal import Service
internal import Wire

/// `pointsman watch`: the live view.
enum WatchVerb {
  static let verb = Verb(
    name: "watch",
    summary: "a live view of calls, agents, queues and the last events",
    flags: [
      Verb.data,
      Verb.Flag(name: "--seconds", value: "N", summary: "stop after N seconds"),
      Verb.Flag(name: "--plain", summary: "scrolling lines, also on a terminal"),
    ],
    example: "pointsman watch --data var",
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    var feed = try LiveFeed(data: invocation.data, seconds: try invocation.seconds("--seconds"))
    if invocation.json {
      try follow(&feed) { line, _ in Console.print(line) }
    } else if Console.isTerminal, !invocation.has("--plain") {
      try showScreen(&feed)
    } else {
      try scroll(&feed)
    }
    return .well
  }

  private static func follow(
    _ feed: inout LiveFeed,
    event: (String, JSONValue) -> Void
  ) throws {
    while true {
      switch try feed.next() {
      case .event(let line, let value): event(line, value)
      case .picture: continue
      case .stopped: return
      case .serverEnded:
        Console.complain("the server has stopped")
        return
      }
    }
  }

  /// Events one per line, and how things stand whenever that has changed.
  private static func scroll(_ feed: inout LiveFeed) throws {
    var before = ""
    while true {
      switch try feed.next() {
      case .event(_, let value):
        Console.print(EventLine.text(value))
      case .picture(let picture):
        let summary = summary(picture)
        if summary != before { Console.print("== " + summary) }
        before = summary
      case .stopped:
        return
      case .serverEnded:
        Console.complain("the server has stopped")
        return
      }
    }
  }

  private static func showScreen(_ feed: inout LiveFeed) throws {
    var screen = WatchScreen()
    screen.open()
    defer { screen.close() }
    while true {
      switch try feed.next() {
      case .event(_, let value):
        screen.add(event: value)
      case .picture(let picture):
        screen.show(picture, summary: summary(picture))
      case .stopped:
        return
      case .serverEnded:
        screen.close()
        Console.complain("the server has stopped")
        return
      }
    }
  }

  /// How things stand, in one line.
  private static func summary(_ picture: JSONValue) -> String {
    let calls = picture["calls"]?.elements ?? []
    let agents = picture["agents"]?.elements ?? []
    let free = agents.filter { $0["state"]?.string == "ready" }.count
    let talking = calls.filter { $0["state"]?.string == "established" }.count
    let waiting = (picture["queues"]?.elements ?? []).reduce(0) {
      $0 + ($1["waiting"]?.elements?.count ?? 0)
    }
    let noun = calls.count == 1 ? "call" : "calls"
    return "\(calls.count) \(noun), \(talking) talking, \(waiting) queued; "
      + "\(free) of \(agents.count) agents free"
  }
}
