// Strategies that run beside what a recording says they did.
//
// Invariants: a recorded failure of time or memory is a fact: it is not run again. Every other step
// is what the strategy does now; the first that is not as recorded is kept.

internal import Engine
internal import Wire

struct CheckedStrategies<Inner: ReplayedStrategies & ~Copyable>: StrategyRuntime, ~Copyable {
  var inner: Inner
  private var expected: [Signal] = []
  private var next = 0
  /// A recording may hold no steps at all: then there is nothing to compare them with.
  private var hasSteps = false
  private var difference: (recorded: Signal?, replayed: Signal?)?

  init(_ inner: consuming Inner) { self.inner = inner }

  var trace: StrategyTrace { inner.trace }

  /// Says which steps the next signal is to lead to.
  mutating func expect(_ steps: [Signal]) {
    expected = steps
    if !steps.isEmpty { hasSteps = true }
    next = 0
  }

  /// What was otherwise than recorded, as text.
  mutating func takeDifference(at now: Instant) -> (recorded: String?, replayed: String?)? {
    if difference == nil, next < expected.count { difference = (expected[next], nil) }
    guard let difference else { return nil }
    self.difference = nil
    return (
      difference.recorded.map { Self.text($0, now) }, difference.replayed.map { Self.text($0, now) }
    )
  }

  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    let call = facts.connID
    if let fact = takeFact(of: call) { return fact }
    return check(inner.start(strategy, facts: facts), of: call)
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    if let fact = takeFact(of: call) { return fact }
    return check(inner.resume(call, with: answer, context: context), of: call)
  }

  mutating func cancel(_ call: ConnID) { inner.cancel(call) }

  mutating func rename(_ call: ConnID, to connID: ConnID) { inner.rename(call, to: connID) }

  /// The recorded step, if it depended on the machine.
  private mutating func takeFact(of call: ConnID) -> StrategyStep? {
    guard next < expected.count, case .strategy(call, .failed(let failure), _) = expected[next]
    else { return nil }
    switch failure {
    case .instructions, .memory:
      next += 1
      inner.cancel(call)
      return .failed(failure)
    case .error, .steps, .noSuchStrategy, .drained: return nil
    }
  }

  private mutating func check(_ step: StrategyStep, of call: ConnID) -> StrategyStep {
    let recorded = next < expected.count ? expected[next] : nil
    next += 1
    let replayed = Signal.strategy(call, step)
    // Compared as they are spelled: a duration that Lua computed has more digits than a line.
    let isSame = recorded.map { Self.text($0, .zero) == Self.text(replayed, .zero) } ?? false
    if difference == nil, !isSame, hasSteps { difference = (recorded, replayed) }
    return step
  }

  private static func text(_ signal: Signal, _ now: Instant) -> String {
    var writer = JSONWriter()
    writer.value(signal, at: now)
    return writer.text
  }
}
