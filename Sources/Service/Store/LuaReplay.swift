internal import Engine
internal import Journal
internal import LuaBridge
internal import Wire

/// Strategies that a replay runs: the recording's own, by their fingerprints.
struct LuaReplay: ReplayedStrategies, ~Copyable {
  /// A step of a recording took less than this when it was recorded.
  private static let stepMilliseconds: Int64 = 10_000

  private var strategies: LuaStrategies
  private let sources: (String) -> StrategyFiles?
  private let limits: Limits
  private var number = 0

  /// Makes the runtime of a recording; nothing is loaded yet.
  init(_ limits: Limits, sources: @escaping (String) -> StrategyFiles?) throws(LoadFailure) {
    self.limits = limits
    self.sources = sources
    let nothing = try Generation(StrategySource(fingerprint: "", files: []), limits: limits)
    strategies = LuaStrategies(
      nothing,
      limits: limits,
      budget: .watched(milliseconds: Self.stepMilliseconds)
    )
  }

  mutating func takeUp(_ runs: StrategyRuns) -> String? {
    let lost = strategies.takeUp(runs) { fingerprint in
      guard let files = sources(fingerprint) else {
        throw ServiceError(
          "the sources of the strategies \(Fingerprint.short(fingerprint)) are not at hand"
        )
      }
      number += 1
      return LuaStrategies.OldGeneration(
        try Generation(StrategySource(files), limits: limits),
        number: number
      )
    }
    return lost.first.map { "call \($0.call.text) cannot be taken up: \($0.reason)" }
  }

  mutating func use(_ fingerprint: String) -> String? {
    guard let files = sources(fingerprint) else {
      return "the sources of the strategies \(Fingerprint.short(fingerprint)) are not at hand: "
        + "replay with --data DIR of the server, or with --trust-steps"
    }
    do {
      let generation = try Generation(StrategySource(files), limits: limits)
      number += 1
      strategies.install(generation, number: number)
      return nil
    } catch {
      return error.problems.first.map { "\($0)" } ?? "the strategies cannot be loaded"
    }
  }

  var trace: StrategyTrace { strategies.trace }

  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    strategies.start(strategy, facts: facts)
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    strategies.resume(call, with: answer, context: context)
  }

  mutating func cancel(_ call: ConnID) { strategies.cancel(call) }

  mutating func rename(_ call: ConnID, to connID: ConnID) { strategies.rename(call, to: connID) }
}

extension StrategyFiles {
  /// The sources of a generation as the store keeps them.
  init(_ source: StrategySource) {
    self.init(
      fingerprint: source.fingerprint,
      folder: source.folder,
      files: source.files.map { File(path: $0.path, bytes: $0.bytes) }
    )
  }
}

extension StrategySource {
  /// The sources of a generation as they are loaded.
  init(_ files: StrategyFiles) {
    self.init(
      folder: files.folder,
      fingerprint: files.fingerprint,
      files: files.files.map { File(path: $0.path, bytes: $0.bytes) }
    )
  }
}
