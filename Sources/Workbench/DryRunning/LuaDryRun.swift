// The strategies of a dry-run: the recording's own generations, or one folder all day.

internal import Engine
internal import Journal
public import LuaBridge

/// Where the strategies of a dry-run come from.
public enum DryRunStrategies: Sendable {
  /// The recording's own, as they followed each other.
  case recorded([StrategySource])
  /// These, from the beginning to the end.
  case folder(StrategySource)
  /// None: no call meets a routing point that needs one.
  case nothing

  /// The sources by their fingerprints.
  func source(_ fingerprint: String) -> StrategySource? {
    switch self {
    case .recorded(let sources): sources.first { $0.fingerprint == fingerprint }
    case .folder(let source): source
    case .nothing: StrategySource(fingerprint: fingerprint, files: [])
    }
  }
}

/// Runs strategies and notices when they ask for chance.
struct LuaDryRun: ReplayedStrategies, ~Copyable {
  private var strategies: LuaStrategies
  private let origin: DryRunStrategies
  private let limits: Limits
  private var number = 0
  /// Whether anything was decided by the engine's chance.
  private(set) var usedChance = false

  init(_ origin: DryRunStrategies, _ limits: Limits) throws(LoadFailure) {
    self.origin = origin
    self.limits = limits
    let nothing = try Generation(StrategySource(fingerprint: "", files: []), limits: limits)
    strategies = LuaStrategies(nothing, limits: limits, budget: .counted)
  }

  mutating func use(_ fingerprint: String) -> String? {
    guard let source = origin.source(fingerprint) else {
      return "the recording does not bring its strategies along: say --strategies DIR"
    }
    do {
      let generation = try Generation(source, limits: limits)
      number += 1
      strategies.install(generation, number: number)
      return nil
    } catch {
      return error.problems.first.map { "\($0)" } ?? "the strategies cannot be loaded"
    }
  }

  var trace: StrategyTrace { strategies.trace }

  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    let step = strategies.start(strategy, facts: facts)
    note(step)
    return step
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    let step = strategies.resume(call, with: answer, context: context)
    note(step)
    return step
  }

  mutating func cancel(_ call: ConnID) { strategies.cancel(call) }

  mutating func rename(_ call: ConnID, to connID: ConnID) { strategies.rename(call, to: connID) }

  private mutating func note(_ step: borrowing StrategyStep) {
    switch step {
    case .requested(.random): usedChance = true
    case .requested(.select(let selection)) where selection.rule == .random: usedChance = true
    case .requested, .finished, .failed: break
    }
  }
}
