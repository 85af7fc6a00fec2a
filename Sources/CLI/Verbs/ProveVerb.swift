internal import Engine
internal import Glibc
internal import Service
internal import Simulator
internal import Wire
internal import Workbench

/// `pointsman prove`.
enum ProveVerb {
  static let verb = Verb(
    name: "prove",
    operands: "STRATEGY",
    summary: "try every interleaving of a small world",
    flags: [
      Verb.Flag(
        name: "--site",
        value: "FILE",
        summary: "the site (default: site.lua beside the strategy, else here)"
      ),
      Verb.Flag(name: "--calls", value: "N", summary: "how many calls come (default: 2)"),
      Verb.Flag(name: "--agents", value: "N", summary: "how many agents there are (default: 3)"),
      Verb.Flag(name: "--at", value: "DN", summary: "the routing point (default: the strategy's)"),
      Verb.Flag(
        name: "--states",
        value: "N",
        summary: "give up after so many states (default: 500000)"
      ),
      Verb.Flag(
        name: "--signals",
        value: "N",
        summary: "try only ways of at most N signals (default: all)"
      ),
      Verb.Flag(name: "--allow", value: "KIND,…", summary: "findings that are not minded"),
      Verb.Flag(name: "--deny", value: "KIND,…", summary: "findings that are minded all the same"),
      Verb.Flag(
        name: "-o",
        value: "FILE",
        summary: "where the counterexample goes (default: prove-STRATEGY.jsonl)"
      ),
    ],
    example: "pointsman prove strategies/sales.lua --site site.lua --calls 2 --agents 3",
    operandCount: 1...1,
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    let input = try ProofInput(
      strategy: invocation.operands.first ?? "",
      site: invocation["--site"]
    )
    let options = try options(invocation)
    let proof = Proof(input.strategy, in: input.source, plan: input.plan, options: options)
    let progress = ProveProgress()
    let report: Proof.Report
    do {
      defer { progress.end() }
      report = try proof.run { progress.goesOn($0, statesMax: options.statesMax) }
    } catch {
      throw ServiceError(error.description)
    }
    var file: String?
    if let counterexample = report.counterexample {
      let path = invocation["-o"] ?? "prove-\(input.strategy).jsonl"
      let text = counterexample.scenario(site: input.siteFile, folder: input.folder)
      guard Files.write(text, to: path) else { throw ServiceError("cannot write \(path)") }
      file = path
    }
    if invocation.json {
      Console.print(report.json(file: file))
    } else {
      for line in report.lines(file: file) { Console.print(line) }
    }
    return report.outcome.finding == nil ? .well : .found
  }

  private static func options(_ invocation: Invocation) throws -> Proof.Options {
    var options = Proof.Options()
    options.calls = try number(invocation, "--calls", 1...4) ?? options.calls
    options.agents = try number(invocation, "--agents", 0...6) ?? options.agents
    options.statesMax = try number(invocation, "--states", 1...50_000_000) ?? options.statesMax
    options.signalsMax = try number(invocation, "--signals", 0...1_000)
    options.place = invocation["--at"].map { DN($0) }
    options.allowed = try kinds(invocation["--allow"])
    options.denied = try kinds(invocation["--deny"])
    return options
  }

  private static func number(
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

  private static func kinds(_ text: String?) throws -> [ProofKind] {
    try (text ?? "").split(separator: ",").map { word in
      if let kind = ProofKind(rawValue: String(word)) { return kind }
      let known = ProofKind.allCases.map(\.rawValue)
      throw UsageError(
        "there is no kind \"\(word)\"\(Suggestion.ending(for: String(word), among: known)) "
          + "(\(known.joined(separator: ", ")))"
      )
    }
  }
}

/// How far a search is, on a terminal; and whether somebody pressed Ctrl-C.
private final class ProveProgress {
  private let isShown = isatty(STDERR_FILENO) == 1
  private var interrupt = sigset_t()
  private var before = sigset_t()
  private var told = 0

  init() {
    // Held back, so that what was covered so far is still told.
    unsafe sigemptyset(&interrupt)
    unsafe sigaddset(&interrupt, SIGINT)
    unsafe sigprocmask(SIG_BLOCK, &interrupt, &before)
  }

  /// Shows how far it is; false when somebody pressed Ctrl-C.
  func goesOn(_ coverage: ProofCoverage, statesMax: Int) -> Bool {
    told += 1
    if isShown, told % 8 == 0 {
      let share = min(24, coverage.walked * 24 / max(1, coverage.states))
      let bar = String(repeating: "#", count: share) + String(repeating: "·", count: 24 - share)
      let text =
        "[\(bar)] \(coverage.walked) of \(coverage.states) states, \(coverage.depth) signals deep"
      Console.complainWithoutEnd("\r\(text)\u{1B}[K")
    }
    var pending = sigset_t()
    unsafe sigpending(&pending)
    return unsafe sigismember(&pending, SIGINT) != 1
  }

  /// Clears the line, and takes the Ctrl-C out of the way.
  func end() {
    if isShown, told >= 8 { Console.complainWithoutEnd("\r\u{1B}[K") }
    var pending = sigset_t()
    unsafe sigpending(&pending)
    if unsafe sigismember(&pending, SIGINT) == 1 {
      var number: Int32 = 0
      unsafe sigwait(&interrupt, &number)
    }
    unsafe sigprocmask(SIG_SETMASK, &before, nil)
  }
}
