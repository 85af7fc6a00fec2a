internal import Engine
internal import Glibc
internal import Service
internal import Workbench

/// `pointsman simulate`.
enum SimulateVerb {
  static let verb = Verb(
    name: "simulate",
    summary: "run strategies on a model in virtual time: statistics, or a recording",
    flags: flags,
    example: "pointsman simulate --arrivals-per-hour 252 --service-mean 120 --agents 12"
      + " --calls 100000",
    run: run
  )

  private static let flags = [
    Verb.Flag(name: "--arrivals-per-hour", value: "X", summary: "how many callers call"),
    Verb.Flag(name: "--arrivals", value: "FILE", summary: "calls by the hour: hour,calls"),
    Verb.Flag(name: "--service-mean", value: "S", summary: "how long callers talk, in seconds"),
    Verb.Flag(
      name: "--service",
      value: "KIND",
      summary: "exponential (default), deterministic or lognormal"
    ),
    Verb.Flag(
      name: "--service-cv",
      value: "C",
      summary: "standard deviation over mean, of lognormal (default: 1)"
    ),
    Verb.Flag(
      name: "--patience-mean",
      value: "S",
      summary: "how long callers wait, in seconds (default: for ever)"
    ),
    Verb.Flag(name: "--agents", value: "N", summary: "how many agents there are"),
    Verb.Flag(name: "--site", value: "FILE", summary: "a site file instead of --agents"),
    Verb.Flag(name: "--staff", value: "FILE", summary: "agents by the hour: hour,agents"),
    Verb.Flag(name: "--strategy", value: "FILE", summary: "who decides (default: ANY)"),
    Verb.Flag(
      name: "--strategies",
      value: "DIR",
      summary: "the site's strategies (default: strategies beside the site file)"
    ),
    Verb.Flag(
      name: "--type",
      value: "NAME,KEY=VALUE,…",
      summary: "a type of callers, with share, service, patience, dnis, ani, priority, data.KEY;"
        + " may be repeated",
      repeats: true
    ),
    Verb.Flag(name: "--types", value: "FILE", summary: "types of callers, a row each"),
    Verb.Flag(
      name: "--queue-limit",
      value: "K",
      summary: "how many callers may wait; more are turned away"
    ),
    Verb.Flag(name: "--ring", value: "S", summary: "how long phones ring (default: 0)"),
    Verb.Flag(name: "--calls", value: "N", summary: "how many calls come (default: 100000)"),
    Verb.Flag(name: "--hours", value: "H", summary: "how long calls come; then they finish"),
    Verb.Flag(name: "--warm-up", value: "N", summary: "so many calls are not counted"),
    Verb.Flag(name: "--busyness", value: "SHAPE", summary: "a gamma factor for all rates of a run"),
    Verb.Flag(name: "--runs", value: "N", summary: "independent runs; intervals are over runs"),
    Verb.Flag(name: "--seed", value: "N", summary: "the source of all chance (default: 1)"),
    Verb.Flag(
      name: "--service-level",
      value: "S",
      summary: "answers within this are in time (default: 20)"
    ),
    Verb.Flag(name: "-o", value: "FILE", summary: "write a recording"),
  ]

  private static func run(_ invocation: Invocation) throws -> Outcome {
    var input = try SimulationInput(try SimulateOptions.files(invocation))
    input.model = try SimulateOptions.model(invocation, input.model)
    let runs = try SimulateOptions.count(invocation, "--runs", 1...1_000_000) ?? 1
    guard runs == 1 || !invocation.has("-o") else {
      throw UsageError("a recording holds one run: leave --runs out")
    }
    let sink = try invocation["-o"].map { try FileSink($0) }
    let progress = SimulateProgress(input.model, runs: runs)
    let watch = Stopwatch()
    var report: SimulationReport
    do {
      defer { progress.end() }
      report = try input.run(runs: runs, sink: sink) { progress.goesOn(run: $0, arrived: $1) }
    }
    (report.wallSeconds, report.cpuSeconds) = watch.elapsed
    report.memoryBytes = Stopwatch.memoryBytes
    if invocation.json {
      Console.print(report.json)
    } else if invocation["-o"] != "-" {
      for line in SimulateTable.lines(report) { Console.print(line) }
    }
    return .well
  }
}

/// What was typed, as options and numbers.
enum SimulateOptions {
  /// The part that names files and people.
  static func files(_ invocation: Invocation) throws -> SimulationInput.Options {
    var options = SimulationInput.Options()
    options.site = invocation["--site"]
    options.strategy = invocation["--strategy"]
    options.strategies = invocation["--strategies"]
    options.arrivals = invocation["--arrivals"]
    options.staff = invocation["--staff"]
    options.types = invocation["--types"]
    options.typeTexts = (invocation["--type"] ?? "").split(separator: "\n").map(String.init)
    options.agents = try count(invocation, "--agents", 0...100_000)
    options.calls = try count(invocation, "--calls", 1...1_000_000_000_000)
    options.arrivalsPerHour = try positive(invocation, "--arrivals-per-hour")
    options.hours = try positive(invocation, "--hours")
    options.service = try service(invocation)
    options.patience = try positive(invocation, "--patience-mean").map { .exponential(mean: $0) }
    return options
  }

  private static func service(_ invocation: Invocation) throws -> Distribution? {
    let kind = invocation["--service"] ?? "exponential"
    let cv = try positive(invocation, "--service-cv")
    guard cv == nil || kind == "lognormal" else {
      throw UsageError("--service-cv belongs to --service lognormal")
    }
    guard let mean = try positive(invocation, "--service-mean") else { return nil }
    return try SimulationTypes.distribution(kind, mean: mean, cv: cv)
  }

  /// The rest of the model.
  static func model(_ invocation: Invocation, _ model: SimulationModel) throws -> SimulationModel {
    var model = model
    model.seed = try invocation.number("--seed") ?? 1
    model.warmUp = try count(invocation, "--warm-up", 0...1_000_000_000) ?? 0
    model.waitingMax = try count(invocation, "--queue-limit", 0...1_000_000)
    model.busynessShape = try positive(invocation, "--busyness")
    model.ringing = .nanoseconds(Int64((try invocation.seconds("--ring") ?? 0) * 1e9))
    model.threshold = .nanoseconds(
      Int64((try invocation.seconds("--service-level") ?? 20) * 1e9)
    )
    if let calls = model.calls, model.warmUp >= calls {
      throw UsageError("--warm-up leaves none of the \(calls) calls to count")
    }
    return model
  }

  /// A whole number in a range.
  static func count(
    _ invocation: Invocation,
    _ flag: String,
    _ range: ClosedRange<Int>
  ) throws -> Int? {
    guard let number = try invocation.number(flag) else { return nil }
    guard let value = Int(exactly: number), range.contains(value) else {
      throw UsageError("\(flag) takes \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  private static func positive(_ invocation: Invocation, _ flag: String) throws -> Double? {
    guard let text = invocation[flag] else { return nil }
    guard let number = Double(text), number > 0, number < 1e12 else {
      throw UsageError("\(flag) needs a number above 0, not \"\(text)\"")
    }
    return number
  }
}
