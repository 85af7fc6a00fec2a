internal import Service
internal import Wire

/// `pointsman events`.
enum EventsVerb {
  static let verb = Verb(
    name: "events",
    summary: "the event stream as JSON Lines: what there is so far, then it ends",
    flags: [
      Verb.Flag(name: "--follow", summary: "go on with what comes, until stopped"),
      Verb.Flag(
        name: "--from",
        value: "SEQ",
        summary: "begin with this sequence number (default: the oldest kept)"
      ),
      Verb.Flag(name: "--dn", value: "DN", summary: "only events of this DN"),
      Verb.data,
    ],
    example: "pointsman events --follow --from 42 --dn 8000",
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    var request = ControlRequest("events")
    request.set("from", try invocation.number("--from") ?? 0)
    request.set("follow", invocation.has("--follow"))
    if let dn = invocation["--dn"] { request.set("dn", dn) }
    var client = try ControlClient(data: invocation.data)
    try client.send(request)
    try client.receiveStatus()
    while let line = try client.nextLine() {
      if let gap = ControlClient.gap(in: line) {
        Console.complain("events \(gap.first) to \(gap.last) are no longer kept")
        continue
      }
      Console.print(line)
    }
    return .well
  }
}
