// States of a call here: unknown -> suspended in a generation (an entry in `live`) -> unknown.
// Invariants:
// - A call is in `live` exactly between a `.requested` step and the next resume or cancel.
// - A call ends in the generation in which it started; `install` never touches a running one.
// - A generation that is not current and has no live coroutine is gone.
// Who may change it: the thread that owns the shard.
// Source: HOUSE 2.5; SURFACE 4.

internal import CLuaShim
public import Engine

/// Runs the strategies of a shard: generations of sources, one coroutine per call.
public struct LuaStrategies: StrategyRuntime, ~Copyable {
  /// How the instruction budget is kept.
  public enum Budget: Sendable, Hashable {
    /// Every instruction counts: the same script always ends at the same one; half the speed.
    case counted
    /// A watchdog ends a step after this CPU time; library work is still counted exactly.
    ///
    /// The watched thread is the one that creates the `LuaStrategies`: create it where it runs.
    case watched(milliseconds: Int64)
  }

  /// A generation and how many calls it still carries.
  public struct GenerationReport: Sendable, Hashable {
    /// The number under which it was installed; unless somebody said another, it counts from 1.
    public var number: Int
    /// The fingerprint of its sources.
    public var fingerprint: String
    /// Calls suspended in it.
    public var liveCount: Int
    /// Whether new calls start in it.
    public var isCurrent: Bool
    /// Bytes that Lua holds for it.
    public var byteCount: Int
  }

  final class Slot {
    let generation: Generation
    let number: Int
    var liveCount = 0

    init(_ generation: Generation, number: Int) {
      self.generation = generation
      self.number = number
    }
  }

  private struct Run {
    var coroutine: Coroutine
    var slot: Slot
    var steps: Int
    var strategy: StrategyName
    /// The instant of its last step.
    var now: UInt64
  }

  /// Every maximum.
  public let limits: Limits
  private let budget: Budget
  private let watchdog: Watchdog
  private var current: Slot {
    didSet { keepsCoverage = current.generation.keepsCoverage }
  }
  /// Whether the current generation does: asked for every call, without holding on to it.
  private var keepsCoverage: Bool
  var retired: [Slot] = []
  private var live: [ConnID: Run] = [:]
  private var lastName: StrategyName
  private var lastReference: Int32 = 0

  /// What the last step, and those before it in the same instant, cost: instructions, where they
  /// are counted, and the work of library calls.
  public private(set) var workOfLastStep: Int64 = 0

  /// Where the last step was made.
  public private(set) var trace = StrategyTrace.none
  private var fileNames = FileNames()

  /// The call stack at the last failure, for logs.
  public private(set) var lastTraceback = ""
  /// Where the targets of the last step were made; nil unless its generation keeps coverage.
  public private(set) var lastOrigins: StepOrigins?

  /// Makes a runtime whose first generation is `generation`.
  public init(
    _ generation: Generation,
    number: Int = 1,
    limits: Limits = .standard,
    budget: Budget = .counted
  ) {
    self.limits = limits
    self.budget = budget
    watchdog = Watchdog(budget)
    lastName = ""
    current = Slot(generation, number: number)
    keepsCoverage = generation.keepsCoverage
    prepare(generation)
  }

  deinit {
    for run in live.values { run.coroutine.release() }
  }
}

// MARK: - The engine's side

extension LuaStrategies {
  /// Starts a strategy for a call in the current generation.
  public mutating func start(
    _ strategy: StrategyName,
    facts: borrowing CallFacts
  ) -> StrategyStep {
    if strategy != lastName || lastReference == 0 {
      guard let functions = current.generation.references[strategy.text] else {
        trace = .none
        return .failed(.noSuchStrategy)
      }
      lastName = strategy
      lastReference = functions.route
    }
    let interpreter = unsafe current.generation.interpreter.pointer
    guard let coroutine = unsafe prepare(facts, in: interpreter) else { return .failed(.memory) }
    let outcome = unsafe run(coroutine, lastReference, in: interpreter)
    // Most strategies end with a target; then nothing else of the generation is looked at.
    if outcome == RS_RETURNED, !keepsCoverage, case .success(let target) = coroutine.result() {
      coroutine.release()
      return .finished(target)
    }
    return settle(outcome, coroutine, strategy, facts, in: current)
  }

  mutating func start(
    _ strategy: StrategyName,
    _ reference: Int32,
    _ facts: borrowing CallFacts,
    in slot: Slot
  ) -> StrategyStep {
    let interpreter = unsafe slot.generation.interpreter.pointer
    guard let coroutine = unsafe prepare(facts, in: interpreter) else { return .failed(.memory) }
    let outcome = unsafe run(coroutine, reference, in: interpreter)
    return settle(outcome, coroutine, strategy, facts, in: slot)
  }

  /// A coroutine that knows its call; nil when there is no memory.
  private mutating func prepare(
    _ facts: borrowing CallFacts,
    in interpreter: OpaquePointer
  ) -> Coroutine? {
    trace = .none
    if !live.isEmpty { cancel(facts.connID) }
    let coroutine = unsafe Coroutine.make(in: interpreter)
    coroutine?.fill(facts)
    return coroutine
  }

  /// Runs a strategy up to its first request or its end.
  private mutating func run(
    _ coroutine: Coroutine,
    _ reference: Int32,
    in interpreter: OpaquePointer
  ) -> rs_outcome {
    unsafe watchdog.enter(interpreter, goesOn: false)
    let outcome = coroutine.start(reference)
    watchdog.leave()
    workOfLastStep = unsafe rs_lua_work(interpreter)
    return outcome
  }

  /// What a strategy's first stretch has come to.
  private mutating func settle(
    _ outcome: rs_outcome,
    _ coroutine: Coroutine,
    _ strategy: StrategyName,
    _ facts: borrowing CallFacts,
    in slot: Slot
  ) -> StrategyStep {
    guard outcome == RS_YIELDED else {
      return end(outcome, coroutine, in: slot.generation, strategy)
    }
    slot.liveCount += 1
    let run = Run(
      coroutine: coroutine,
      slot: slot,
      steps: 0,
      strategy: strategy,
      now: facts.context.now
    )
    return suspend(facts.connID, run)
  }

  /// Answers the last request of a call's strategy and runs it on.
  public mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    guard var run = live.removeValue(forKey: call) else {
      return .failed(.error("the call has no strategy that waits"))
    }
    run.coroutine.update(context)
    // What was answered in the instant in which it was asked is one stretch of work.
    let goesOn = run.now == context.now
    run.now = context.now
    run.coroutine.goesOn(goesOn)
    unsafe watchdog.enter(run.slot.generation.interpreter.pointer, goesOn: goesOn)
    let outcome = run.coroutine.resume(with: answer)
    watchdog.leave()
    workOfLastStep = unsafe rs_lua_work(run.slot.generation.interpreter.pointer)
    if outcome == RS_YIELDED { return suspend(call, run) }
    let step = end(outcome, run.coroutine, in: run.slot.generation, run.strategy)
    leave(run.slot)
    return step
  }

  /// Forgets a call's suspended strategy, if there is one.
  public mutating func cancel(_ call: ConnID) {
    guard let run = live.removeValue(forKey: call) else { return }
    run.coroutine.release()
    leave(run.slot)
  }

  /// Goes on under another ConnID after a transfer (DOMAIN 2.8).
  public mutating func rename(_ call: ConnID, to connID: ConnID) {
    guard let run = live.removeValue(forKey: call) else { return }
    run.coroutine.rename(to: connID)
    live[connID] = run
  }

  private mutating func suspend(_ call: ConnID, _ run: Run) -> StrategyStep {
    var run = run
    trace = run.coroutine.place(&fileNames)
    run.steps += 1
    guard run.steps <= limits.strategyStepsMax else {
      run.coroutine.release()
      leave(run.slot)
      return .failed(.steps)
    }
    guard let request = run.coroutine.request() else {
      run.coroutine.release()
      leave(run.slot)
      return .failed(.error("the prelude asked for something unknown"))
    }
    live[call] = run
    noteOrigins(run.coroutine, in: run.slot.generation, returned: false)
    return .requested(request)
  }

  private mutating func end(
    _ outcome: rs_outcome,
    _ coroutine: Coroutine,
    in generation: Generation,
    _ strategy: StrategyName
  ) -> StrategyStep {
    defer { coroutine.release() }
    trace = .none
    switch outcome {
    case RS_RETURNED:
      noteOrigins(coroutine, in: generation, returned: true)
      switch coroutine.result() {
      case .success(let target): return .finished(target)
      case .failure(let problem):
        return .failed(.error(generation.place(problem.message, strategy)))
      }
    case RS_INSTRUCTIONS:
      lastTraceback = generation.interpreter.traceback
      return .failed(.instructions)
    case RS_MEMORY:
      lastTraceback = generation.interpreter.traceback
      return .failed(.memory)
    default:
      lastTraceback = generation.interpreter.traceback
      return .failed(.error(generation.place(generation.interpreter.message, strategy)))
    }
  }

  private mutating func noteOrigins(
    _ coroutine: Coroutine,
    in generation: Generation,
    returned: Bool
  ) {
    guard generation.keepsCoverage else { return }
    lastOrigins = generation.origins(of: coroutine, returned: returned)
  }

  mutating func leave(_ slot: Slot) {
    slot.liveCount -= 1
    guard slot.liveCount == 0, slot !== current else { return }
    retired.removeAll { $0 === slot }
    fileNames.removeAll()
  }
}

// MARK: - Generations

extension LuaStrategies {
  /// Makes a generation the one in which new calls start; calls in flight stay where they are.
  ///
  /// - Parameters:
  ///   - generation: What new calls start in.
  ///   - number: What it is called in reports; nil: one more than the one before.
  public mutating func install(_ generation: Generation, number: Int? = nil) {
    prepare(generation)
    if current.liveCount > 0 { retired.append(current) }
    current = Slot(generation, number: number ?? current.number + 1)
    lastReference = 0
    fileNames.removeAll()
  }

  /// The generations that are alive, the current one last.
  public var generations: [GenerationReport] {
    (retired + [current]).map { slot in
      GenerationReport(
        number: slot.number,
        fingerprint: slot.generation.fingerprint,
        liveCount: slot.liveCount,
        isCurrent: slot === current,
        byteCount: slot.generation.byteCount
      )
    }
  }

  /// The fingerprint of the generation in which new calls start.
  public var currentFingerprint: String { current.generation.fingerprint }

  /// The generation in which new calls start.
  var currentGeneration: Generation { current.generation }

  /// The place of a generation that is alive; nil: none of these sources is.
  func slot(of fingerprint: String) -> Slot? {
    ([current] + retired).first { $0.generation.fingerprint == fingerprint }
  }

  /// The strategies in the current generation, sorted.
  public var strategies: [StrategyName] { current.generation.strategies }

  /// Calls suspended in any generation.
  public var liveCount: Int { live.count }

  /// The fingerprint of the generation in which a call is suspended; nil when it is not.
  public func fingerprint(of call: ConnID) -> String? { live[call]?.slot.generation.fingerprint }

  /// Frees what no call holds any more, in every generation; Lua does so by itself, bit by bit.
  package func collect() {
    for slot in retired + [current] {
      unsafe rs_lua_collect(slot.generation.interpreter.pointer)
    }
  }

  func prepare(_ generation: Generation) {
    unsafe rs_lua_set_counted(generation.interpreter.pointer, budget == .counted)
  }
}

extension Generation {
  /// The text of an error with a place: the strategy's file where Lua knew none.
  func place(_ message: String, _ strategy: StrategyName) -> String {
    if message.hasPrefix(folder + "/") { return message }
    return "\(folder)/\(strategy.text).lua: \(message)"
  }
}

/// The owner of the thread that ends steps that take too long; does nothing in counted mode.
@safe
private struct Watchdog: ~Copyable {
  private let pointer: OpaquePointer?

  init(_ budget: LuaStrategies.Budget) {
    switch budget {
    case .counted: unsafe pointer = nil
    case .watched(let milliseconds): unsafe pointer = rs_watchdog_start(milliseconds)
    }
  }

  deinit { unsafe rs_watchdog_stop(pointer) }

  func enter(_ interpreter: OpaquePointer, goesOn: Bool) {
    guard let pointer = unsafe pointer else { return }
    unsafe rs_watchdog_enter(pointer, interpreter, goesOn)
  }

  func leave() {
    guard let pointer = unsafe pointer else { return }
    unsafe rs_watchdog_leave(pointer)
  }
}
