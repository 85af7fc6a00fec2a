public import Engine

/// A runtime whose strategies are Swift closures over the answers so far; for tests of the engine.
public struct ScriptedStrategies: StrategyRuntime, ~Copyable {
  /// Says the next step: the facts of the call, and the answers that it has had.
  public typealias Script = @Sendable (CallFacts, [StrategyAnswer]) -> StrategyStep

  private var scripts: [StrategyName: Script]
  private var runs: [ConnID: (facts: CallFacts, answers: [StrategyAnswer], script: Script)] = [:]
  /// The answer that any script got last.
  public private(set) var lastAnswer: StrategyAnswer?
  /// How many runs are suspended.
  public var liveCount: Int { runs.count }

  /// Makes a runtime of named scripts.
  public init(_ scripts: [StrategyName: Script]) { self.scripts = scripts }

  /// Starts a script.
  public mutating func start(
    _ strategy: StrategyName,
    facts: borrowing CallFacts
  ) -> StrategyStep {
    guard let script = scripts[strategy] else { return .failed(.noSuchStrategy) }
    let facts = copy facts
    runs[facts.connID] = (facts, [], script)
    return step(facts.connID)
  }

  /// Gives a script its answer.
  public mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    runs[call]?.answers.append(answer)
    lastAnswer = answer
    return step(call)
  }

  /// Forgets a run.
  public mutating func cancel(_ call: ConnID) { runs[call] = nil }

  /// Goes on under another ConnID.
  public mutating func rename(_ call: ConnID, to connID: ConnID) {
    guard let run = runs.removeValue(forKey: call) else { return }
    runs[connID] = run
  }

  private mutating func step(_ call: ConnID) -> StrategyStep {
    guard let run = runs[call] else { return .failed(.error("no run")) }
    let step = run.script(run.facts, run.answers)
    switch step {
    case .requested: break
    case .finished, .failed: runs[call] = nil
    }
    return step
  }
}
