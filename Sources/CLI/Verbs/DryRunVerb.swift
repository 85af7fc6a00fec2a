internal import Journal
internal import Service
internal import Workbench

/// `pointsman dryrun`.
enum DryRunVerb {
  static let verb = Verb(
    name: "dryrun",
    summary: "run strategies on recorded calls: what would have been different",
    flags: flags,
    example: "pointsman dryrun --recording day.jsonl --strategies strategies --against recorded"
      + " --html day.html",
    run: run
  )

  private static let flags = [
    Verb.Flag(name: "--recording", value: "FILE", summary: "the recording: an export or an import"),
    Verb.Flag(
      name: "--strategies",
      value: "DIR",
      summary: "who decides (default: the recording's own strategies)"
    ),
    Verb.Flag(
      name: "--against",
      value: "DIR|recorded",
      summary: "strategies to compare with; recorded: those of the recording, with its site and"
        + " people, or what really happened if it has none"
    ),
    Verb.Flag(name: "--site", value: "FILE", summary: "a site file (default: the recorded site)"),
    Verb.Flag(
      name: "--agents",
      value: "N",
      summary: "so many agents, all alike, all the time, instead of the recorded ones"
    ),
    Verb.Flag(name: "--seed", value: "N", summary: "the source of all draws (default: 1)"),
    Verb.Flag(
      name: "--seeds",
      value: "N",
      summary: "so many runs with draws of their own, for the intervals (default: 5)"
    ),
    Verb.Flag(
      name: "--patience",
      value: "RULE",
      summary: "of those who did not give up: estimated (default), abandoners or forever"
    ),
    Verb.Flag(
      name: "--service-level",
      value: "S",
      summary: "answers within this are in time (default: 20)"
    ),
    Verb.Flag(
      name: "--tolerance",
      value: "S",
      summary: "waits that differ by no more are the same (default: 1)"
    ),
    Verb.Flag(name: "--changes", value: "N", summary: "list so many changed calls (default: 500)"),
    Verb.Flag(name: "--threads", value: "N", summary: "runs at the same time (default: all cores)"),
    Verb.Flag(name: "--html", value: "FILE", summary: "write a report for a browser"),
    Verb.Flag(name: "--csv", value: "FILE", summary: "write every call, a row each"),
  ]

  private static func run(_ invocation: Invocation) throws -> Outcome {
    let options = try options(invocation)
    let files = try DryRunFiles(html: invocation["--html"], csv: invocation["--csv"])
    let watch = Stopwatch()
    let progress = DryRunProgress()
    defer { progress.end() }
    let input = try DryRunInput(options)
    let explains = invocation.json || invocation.has("--html")
    var report = try input.run(explains: explains) { progress.goesOn($0) }
    progress.end()
    let elapsed = watch.elapsed
    report.measured(
      wall: elapsed.wall,
      processor: elapsed.processor,
      memory: Stopwatch.memoryBytes
    )
    try files.write(report)
    if invocation.json {
      Console.print(report.json)
    } else {
      for line in DryRunTable.lines(report) { Console.print(line) }
    }
    for name in report.model.facts.unknown {
      Console.complain("\(options.recording): ignored: \(name)")
    }
    return .well
  }

  private static func options(_ invocation: Invocation) throws -> DryRunInput.Options {
    var options = DryRunInput.Options()
    guard let recording = invocation["--recording"] else {
      throw UsageError("dryrun needs --recording FILE")
    }
    options.recording = recording
    options.strategies = invocation["--strategies"]
    options.against = invocation["--against"]
    options.site = invocation["--site"]
    options.agents = try SimulateOptions.count(invocation, "--agents", 1...100_000)
    options.seed = try invocation.number("--seed") ?? 1
    options.runs = try SimulateOptions.count(invocation, "--seeds", 1...1_000) ?? 5
    options.threads = try SimulateOptions.count(invocation, "--threads", 1...256)
    options.threshold = try invocation.seconds("--service-level") ?? 20
    options.tolerance = try invocation.seconds("--tolerance") ?? 1
    options.listed = try SimulateOptions.count(invocation, "--changes", 0...100_000) ?? 500
    if let word = invocation["--patience"] {
      let known = PatienceRule.allCases.map(\.rawValue)
      guard let rule = PatienceRule(rawValue: word) else {
        throw UsageError(
          "there is no rule \"\(word)\"\(Suggestion.ending(for: word, among: known))"
            + " (\(known.joined(separator: ", ")))"
        )
      }
      options.patience = rule
    }
    return options
  }
}
