internal import Service

/// `pointsman serve`.
enum ServeVerb {
  static let verb = Verb(
    name: "serve",
    summary: "run the engine; SIGHUP reloads the strategies, SIGTERM drains and stops",
    flags: [
      Verb.Flag(name: "--site", value: "FILE", summary: "the site file (default: site.lua)"),
      Verb.Flag(
        name: "--strategies",
        value: "DIR",
        summary: "the folder of strategies (default: strategies)"
      ),
      Verb.data,
      Verb.Flag(name: "--no-store", summary: "keep nothing: a restart begins from nothing"),
      Verb.Flag(
        name: "--tlib-log",
        value: "FILE",
        summary: "write every event there too, as T-Library text dumps"
      ),
      Verb.Flag(name: "--seconds", value: "N", summary: "stop by itself after N seconds"),
      Verb.Flag(
        name: "--drain",
        value: "N",
        summary: "wait at most N seconds for calls to end when stopping (default: 30)"
      ),
      Verb.Flag(
        name: "--self-test",
        value: "on|off",
        summary: "whether the strategies' own *_test.lua must pass before use (default: on)"
      ),
    ],
    example: "pointsman serve --site site.lua --strategies strategies --data var",
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    var options = ServeOptions()
    options.site = invocation["--site"] ?? "site.lua"
    options.strategies = invocation["--strategies"] ?? "strategies"
    options.data = invocation.data
    options.store = !invocation.has("--no-store")
    options.dumpPath = invocation["--tlib-log"]
    options.seconds = try invocation.seconds("--seconds")
    options.drain = try invocation.seconds("--drain") ?? 30
    switch invocation["--self-test"] {
    case nil, "on": options.selfTest = true
    case "off": options.selfTest = false
    case let word?: throw UsageError("--self-test is on or off, not \"\(word)\"")
    }
    options.watchesSignals = true
    try Service.run(options) { line in Console.complain(line) }
    return .well
  }
}
