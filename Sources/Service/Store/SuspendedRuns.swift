internal import Engine
internal import Journal
internal import LuaBridge
internal import Wire

/// Strategies that were suspended when the server ended.
struct SuspendedRuns {
  /// What they were given.
  var runs = StrategyRuns()
  /// The sources of their generations, by fingerprint.
  var sources: [String: StrategyFiles] = [:]

  /// Takes the runs of the calls that go on up again, each in its own generation; the generation
  /// of `installation` is current afterwards.
  ///
  /// - Parameters:
  ///   - strategies: The runtime; the generation of `installation` is current in it.
  ///   - installation: The generation that new calls start in.
  ///   - numbers: The numbers of versions, by fingerprint.
  ///   - isAlive: Whether a call goes on.
  /// - Returns: How many could not be taken up.
  func takeUp(
    in strategies: inout LuaStrategies,
    _ installation: Installation,
    numbers: [String: Int],
    isAlive: (ConnID) -> Bool
  ) -> Int {
    let current = installation.generation.fingerprint
    let alive = runs.all.filter { isAlive($0.call) }.sorted { $0.call < $1.call }
    var failures = 0
    let older = Set(alive.map(\.run.generation)).subtracting([current]).sorted()
    for fingerprint in older {
      let those = alive.filter { $0.run.generation == fingerprint }
      guard let files = sources[fingerprint],
        let generation = try? Generation(StrategySource(files), limits: strategies.limits)
      else {
        for (call, _) in those { strategies.lose(call) }
        failures += those.count
        continue
      }
      strategies.install(generation, number: numbers[fingerprint] ?? 0)
      failures += Self.takeUp(those.map(\.run), in: &strategies)
    }
    if !older.isEmpty {
      strategies.install(installation.generation, number: installation.number)
    }
    let those = alive.filter { $0.run.generation == current }
    return failures + Self.takeUp(those.map(\.run), in: &strategies)
  }

  private static func takeUp(_ runs: [StrategyRun], in strategies: inout LuaStrategies) -> Int {
    var failures = 0
    for run in runs {
      let call = strategies.takeUp(run) { now, then in
        // Compared as they are spelled: a duration that Lua computed has more digits than a line.
        now == then || text(now) == text(then)
      }
      if call == nil { failures += 1 }
    }
    return failures
  }

  private static func text(_ request: StrategyRequest) -> String {
    var writer = JSONWriter()
    writer.value(.strategy(ConnID(1), .requested(request)), at: .zero)
    return writer.text
  }
}
