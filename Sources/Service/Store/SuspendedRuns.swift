internal import Engine
internal import Journal
internal import LuaBridge

/// Strategies that were suspended when the server ended.
struct SuspendedRuns {
  /// What they were given.
  private(set) var runs = StrategyRuns()
  /// The sources of their generations, by fingerprint.
  private var sources: [String: StrategyFiles] = [:]

  init() {}

  init(_ runs: StrategyRuns, _ reader: borrowing StoreReader) throws(StoreError) {
    self.runs = runs
    for (_, run) in runs.all where sources[run.generation] == nil {
      sources[run.generation] = try reader.sources(of: run.generation)
    }
  }

  /// Takes the runs of the calls that go on up again, each in its own generation.
  ///
  /// - Parameters:
  ///   - strategies: The runtime, in which the generation of new calls is current.
  ///   - numbers: The numbers of versions, by fingerprint.
  ///   - isAlive: Whether a call goes on.
  /// - Returns: Those that could not be taken up: their calls must be told (`strategyLost`).
  mutating func takeUp(
    in strategies: inout LuaStrategies,
    numbers: [String: Int],
    isAlive: (ConnID) -> Bool
  ) -> [LuaStrategies.LostRun] {
    for (call, _) in runs.all where !isAlive(call) { runs.remove(call) }
    let limits = strategies.limits
    let sources = sources
    let lost = strategies.takeUp(runs) { fingerprint in
      guard let files = sources[fingerprint] else {
        throw ServiceError(
          "the sources of the strategies \(Fingerprint.short(fingerprint)) are not at hand"
        )
      }
      return LuaStrategies.OldGeneration(
        try Generation(StrategySource(files), limits: limits),
        number: numbers[fingerprint] ?? 0
      )
    }
    for run in lost { runs.remove(run.call) }
    return lost
  }
}
