internal import Engine
internal import Glibc
internal import Importers
internal import Service

/// `pointsman import`.
enum ImportVerb {
  static let verb = Verb(
    name: "import",
    operands: "pcap|queue-log|sip-server-log|csv FILE…",
    summary: "make a recording from other systems' material, and say what could not be inferred",
    flags: flags,
    example: """
      pointsman import queue-log /var/log/asterisk/queue_log -o day.jsonl
               pointsman import pcap monday.pcapng tuesday.pcapng -o week.jsonl
               pointsman import sip-server-log SIP_P.log SIP_P-001.log -o day.jsonl
               pointsman import csv calls.csv --map arrival=start,wait=wait_s,service=talk_s,\
      agent=who -o day.jsonl
      """,
    operandCount: 2...100_000,
    words: ImportRequest.Source.allCases.map(\.rawValue),
    run: run
  )

  private static let flags = [
    Verb.Flag(name: "-o", value: "OUT.jsonl", summary: "where to write it (- : standard output)"),
    Verb.Flag(name: "--site", value: "FILE", summary: "the site, instead of the one that is seen"),
    Verb.Flag(
      name: "--write-site",
      value: "FILE",
      summary: "write the site that is seen as a site file, to try strategies with"
    ),
    Verb.Flag(
      name: "--zone",
      value: "+HH:MM",
      summary: "how far local times are before UTC (default: as the files say, else UTC)"
    ),
    Verb.Flag(
      name: "--map",
      value: "ROLE=COLUMN,…",
      summary: "csv: which column is what; several columns with / between them: the first that says"
        + " something; data.KEY=COLUMN is user data",
      repeats: true
    ),
    Verb.Flag(
      name: "--outcome",
      value: "WORD=MEANING,…",
      summary: "csv: what an outcome means: answered, abandoned or ignored",
      repeats: true
    ),
    Verb.Flag(name: "--dates", value: "ORDER", summary: "csv: dates like 03/02/2021: dmy or mdy"),
    Verb.Flag(
      name: "--queue",
      value: "NAME",
      summary: "csv: the queue of all calls, when no column names it (default: queue)"
    ),
    Verb.Flag(
      name: "--agents",
      value: "N",
      summary: "csv: how many agents there were, when no column names them"
    ),
    Verb.Flag(
      name: "--shift",
      value: "FROM-UNTIL",
      summary: "csv: when those agents are there: 08:00-18:00 (default: always)"
    ),
    Verb.Flag(name: "--milliseconds", summary: "csv: durations are in milliseconds"),
  ]

  private static func run(_ invocation: Invocation) throws -> Outcome {
    guard let path = invocation["-o"] else { throw UsageError("import needs -o OUT.jsonl") }
    guard let source = ImportRequest.Source(rawValue: invocation.operands[0]) else {
      throw UsageError("import cannot \"\(invocation.operands[0])\"")
    }
    var request = ImportRequest(source, Array(invocation.operands.dropFirst()))
    if source != .csv,
      let flag = tableFlags.first(where: { invocation.has($0) })
    {
      throw UsageError("\(flag) belongs to import csv")
    }
    request.table = try table(invocation)
    request.version = CommandLineTool.version
    if let text = invocation["--zone"] {
      guard let zone = ImportRequest.zone(text) else {
        throw UsageError("--zone needs a difference like +01:00, not \"\(text)\"")
      }
      request.zone = zone
    }
    request.siteFile = invocation["--write-site"]
    if let site = invocation["--site"] { request.site = try plan(site) }
    let bar = ProgressBar()
    let report: ImportReport
    do {
      defer { bar.end() }
      report = try Import.run(request, to: ImportOutput(path)) { bar.goesOn($0) }
    } catch {
      throw UsageError(error.message)
    }
    if invocation.json, path != "-" {
      Console.print(report.json)
    } else {
      for line in report.text { Console.complain(line) }
      if path != "-" { Console.complain("\(path) is written") }
    }
    return .well
  }

  private static let tableFlags = [
    "--map", "--outcome", "--dates", "--queue", "--agents", "--shift", "--milliseconds",
  ]

  private static func table(_ invocation: Invocation) throws -> TableOptions {
    var options = TableOptions()
    do {
      if let text = invocation["--map"] { try options.map(text) }
      if let text = invocation["--outcome"] { try options.outcomes(text) }
      if let text = invocation["--shift"] { try options.shift(text) }
    } catch {
      throw UsageError(error.message)
    }
    if let text = invocation["--dates"] {
      guard let order = TableOptions.DateOrder(rawValue: text) else {
        throw UsageError("--dates needs dmy or mdy, not \"\(text)\"")
      }
      options.dateOrder = order
    }
    if let name = invocation["--queue"] { options.queue = name }
    options.agents = try SimulateOptions.count(invocation, "--agents", 1...100_000)
    guard options.shift == nil || options.agents != nil else {
      throw UsageError("--shift needs --agents N")
    }
    options.isMilliseconds = invocation.has("--milliseconds")
    return options
  }

  private static func plan(_ path: String) throws -> Plan {
    let loaded = try SiteFile.load(path, strategies: nil)
    guard let site = loaded.site else {
      let errors = loaded.findings.filter { $0.severity == .error }
      throw UsageError(errors.map { $0.long }.joined(separator: "\n"))
    }
    return site.plan
  }
}

/// The bar on a terminal for what takes more than a second, and an end when somebody wants one.
final class ProgressBar {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let watch = Stopwatch()
  private var held = sigset_t()
  private var before = sigset_t()
  private var shownAt = 1.0
  private var wasShown = false

  init() {
    // Held back, so that nothing half done is left behind.
    unsafe sigemptyset(&held)
    for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&held, signal) }
    unsafe sigprocmask(SIG_BLOCK, &held, &before)
  }

  /// Shows how far it is; false when somebody wants it to end.
  func goesOn(_ share: Double) -> Bool {
    let elapsed = isShown ? watch.elapsed.wall : 0
    if elapsed > shownAt {
      shownAt = elapsed + 0.1
      wasShown = true
      let full = max(0, min(24, Int(24 * share)))
      let bar = String(repeating: "#", count: full) + String(repeating: "·", count: 24 - full)
      Console.complainWithoutEnd("\r[\(bar)] \(Int(100 * share)) %\u{1B}[K")
    }
    var pending = sigset_t()
    unsafe sigpending(&pending)
    return ![SIGINT, SIGTERM, SIGHUP].contains { unsafe sigismember(&pending, $0) == 1 }
  }

  /// Clears the line, and takes the signal out of the way.
  func end() {
    if wasShown { Console.complainWithoutEnd("\r\u{1B}[K") }
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      var pending = sigset_t()
      unsafe sigpending(&pending)
      guard unsafe sigismember(&pending, signal) == 1 else { continue }
      var one = sigset_t()
      unsafe sigemptyset(&one)
      unsafe sigaddset(&one, signal)
      var number: Int32 = 0
      unsafe sigwait(&one, &number)
    }
    unsafe sigprocmask(SIG_SETMASK, &before, nil)
  }
}
