// The runs of strategies that are suspended, as what they were given.
//
// A strategy's state is a function of the facts that it started with and of the answers that it
// got: every host operation is a request. So a run can be taken up again in another process by
// starting it anew and answering its requests as before.
// Invariant: a run is kept exactly while the engine counts on an answer's step or on a next answer.
// Who may change it: `Shard` and recovery, which see every command and every step.

/// One suspended run of a strategy.
public struct StrategyRun: Sendable, Hashable, Codable {
  /// Something that happened to a run after it had begun.
  public enum Turn: Sendable, Hashable, Codable {
    /// It asked for something and was answered.
    case answered(StrategyRequest, StrategyAnswer, ResumeContext)
    /// Its call went on under another ConnID.
    case renamed(ConnID)
  }

  /// The strategy.
  public var strategy: StrategyName
  /// The fingerprint of the generation in which it runs.
  public var generation: String
  /// What it started with.
  public var facts: CallFacts
  /// What happened since then, in order.
  public var turns: [Turn] = []
  /// What it asks for and has no answer to yet; nil: it has been started or answered, and its step
  /// is about to come.
  public var request: StrategyRequest?
}

/// All suspended runs, by call.
public struct StrategyRuns: Sendable {
  private var slots: [StrategyRun?] = []
  private var calls: [ConnID] = []
  private var free: [Int32] = []
  private var byCall = Lookup<ConnID, Int32>()

  /// Makes an empty table.
  public init() {}

  /// How many runs there are.
  public var count: Int { byCall.count }

  /// The run of a call; nil when it has none.
  public subscript(call: ConnID) -> StrategyRun? {
    byCall[call].flatMap { slots[Int($0)] }
  }

  /// The calls that have a run, in an order that means nothing and is always the same.
  public var all: [(call: ConnID, run: StrategyRun)] {
    slots.indices.compactMap { index in slots[index].map { (calls[index], $0) } }
  }

  /// Notes what the engine asks of the runtime.
  ///
  /// - Parameters:
  ///   - command: What it asks.
  ///   - generation: The fingerprint of the current generation.
  public mutating func note(_ command: borrowing StrategyCommand, in generation: String) {
    switch command {
    case .start(let strategy, let facts):
      remove(facts.connID)
      insert(
        StrategyRun(strategy: strategy, generation: generation, facts: facts),
        of: facts.connID
      )
    case .resume(let call, let answer, let context): note(answer, context, of: call)
    case .rename(let call, let connID):
      guard let slot = byCall.remove(call) else { return }
      byCall[connID] = slot
      calls[Int(slot)] = connID
      slots[Int(slot)]?.turns.append(.renamed(connID))
    case .cancel(let call): remove(call)
    }
  }

  /// Notes an answer.
  public mutating func note(
    _ answer: StrategyAnswer,
    _ context: ResumeContext,
    of call: ConnID
  ) {
    guard let slot = byCall[call].map({ Int($0) }), let request = slots[slot]?.request else {
      return
    }
    slots[slot]?.turns.append(.answered(request, answer, context))
    slots[slot]?.request = nil
  }

  /// Notes a step.
  public mutating func note(_ step: borrowing StrategyStep, of call: ConnID) {
    switch step {
    case .requested(let request):
      if let slot = byCall[call] { slots[Int(slot)]?.request = request }
    case .finished, .failed: remove(call)
    }
  }

  /// Forgets a run.
  public mutating func remove(_ call: ConnID) {
    guard let slot = byCall.remove(call) else { return }
    slots[Int(slot)] = nil
    free.append(slot)
  }

  private mutating func insert(_ run: StrategyRun, of call: ConnID) {
    guard let slot = free.popLast() else {
      byCall[call] = Int32(slots.count)
      slots.append(run)
      calls.append(call)
      return
    }
    byCall[call] = slot
    slots[Int(slot)] = run
    calls[Int(slot)] = call
  }
}

extension StrategyRuns: Codable {
  private struct Entry: Codable {
    var call: ConnID
    var run: StrategyRun
  }

  /// Reads the runs.
  public init(from decoder: any Decoder) throws {
    for entry in try [Entry](from: decoder) { insert(entry.run, of: entry.call) }
  }

  /// Writes the runs in the order of their calls, so that equal tables are written alike.
  public func encode(to encoder: any Encoder) throws {
    try all.sorted { $0.call < $1.call }.map { Entry(call: $0.call, run: $0.run) }
      .encode(to: encoder)
  }
}
