internal import Journal
internal import Service
internal import Wire

/// `pointsman replay`.
enum ReplayVerb {
  static let verb = Verb(
    name: "replay",
    summary: "run a recording with its own strategies: the same events to the byte, or exit 1",
    flags: [
      Verb.Flag(name: "--recording", value: "FILE", summary: "the recording (- : standard input)"),
      Verb.Flag(
        name: "--data",
        value: "DIR",
        summary: "a server's folder with sources that the recording does not bring along"
      ),
      Verb.Flag(
        name: "--trust-steps",
        summary: "take the recorded steps of strategies instead of running them"
      ),
    ],
    example: "pointsman replay --recording day.jsonl",
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    guard let path = invocation["--recording"] else {
      throw UsageError("replay needs --recording FILE")
    }
    let report = try Recordings.replay(
      path,
      data: invocation["--data"],
      trustsSteps: invocation.has("--trust-steps")
    )
    if !report.unknown.isEmpty {
      Console.complain("\(path): ignored: \(report.unknown.joined(separator: ", "))")
    }
    if invocation.json {
      Console.print(json(report))
    } else {
      show(report)
    }
    return report.divergence == nil ? .well : .found
  }

  private static func show(_ report: ReplayReport) {
    guard let divergence = report.divergence else {
      let what = "\(report.signals) signals, \(report.steps) steps of strategies"
      Console.print(
        report.events == 0
          ? "\(what): the recording has no events to compare"
          : "\(what), \(report.events) events: the same to the byte"
      )
      return
    }
    Console.print("line \(divergence.line) leads to something else: \(divergence.signal)")
    Console.print("  recorded: \(divergence.recorded ?? "(nothing more)")")
    Console.print("  replayed: \(divergence.replayed ?? "(nothing more)")")
  }

  private static func json(_ report: ReplayReport) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, count) in [
      ("signals", report.signals), ("steps", report.steps), ("events", report.events),
    ] {
      writer.key(name)
      writer.value(UInt64(count))
    }
    writer.key("same")
    writer.value(report.divergence == nil)
    if let divergence = report.divergence {
      writer.key("line")
      writer.value(UInt64(divergence.line))
      for (name, text) in [
        ("signal", divergence.signal), ("recorded", divergence.recorded),
        ("replayed", divergence.replayed),
      ] {
        guard let text else { continue }
        writer.key(name)
        writer.value(text)
      }
    }
    writer.endObject()
    return writer.text
  }
}
