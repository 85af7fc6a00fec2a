import Engine
import LuaBridge

/// The strategies under test, and a note of everything that they did since somebody looked.
struct WatchedStrategies: StrategyRuntime, ~Copyable {
  enum Act {
    case started(StrategyName)
    case answered(StrategyAnswer)
    case stepped(StrategyStep, StepOrigins?)
    case renamed(ConnID)
  }

  var inner: LuaStrategies
  var trace: StrategyTrace { inner.trace }
  private(set) var acts: [(call: ConnID, act: Act)] = []

  init(_ inner: consuming LuaStrategies) { self.inner = inner }

  /// What happened since the last time.
  mutating func takeActs() -> [(call: ConnID, act: Act)] {
    defer { acts.removeAll(keepingCapacity: true) }
    return acts
  }

  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    acts.append((facts.connID, .started(strategy)))
    let step = inner.start(strategy, facts: facts)
    acts.append((facts.connID, .stepped(step, inner.lastOrigins)))
    return step
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    acts.append((call, .answered(answer)))
    let step = inner.resume(call, with: answer, context: context)
    acts.append((call, .stepped(step, inner.lastOrigins)))
    return step
  }

  mutating func cancel(_ call: ConnID) { inner.cancel(call) }

  mutating func rename(_ call: ConnID, to connID: ConnID) {
    inner.rename(call, to: connID)
    acts.append((call, .renamed(connID)))
  }
}
