internal import CLuaShim
public import Engine
internal import Wire

// Runs that another process had, taken up again: a run is a function of what it was given.
extension LuaStrategies {
  /// A run that could not be taken up again, and why.
  public struct LostRun: Sendable, Hashable {
    /// Its call.
    public var call: ConnID
    /// Why, in one sentence.
    public var reason: String
  }

  /// A generation in which runs are to be taken up, and the number of its version.
  public struct OldGeneration {
    /// The generation.
    public var generation: Generation
    /// Its number in reports.
    public var number: Int

    /// Makes one.
    public init(_ generation: Generation, number: Int) {
      self.generation = generation
      self.number = number
    }
  }

  /// Starts runs again and gives them the answers that they had.
  ///
  /// Each request must be the one that was asked then; a run that asks for something else is not
  /// the one that was lost, and ends. Call it on a new runtime, on the thread that owns it.
  ///
  /// - Parameters:
  ///   - runs: The runs.
  ///   - load: Makes a generation that is not the current one, by its fingerprint; throws why not.
  /// - Returns: Those that could not be taken up; their calls have no run here.
  public mutating func takeUp(
    _ runs: StrategyRuns,
    load: (String) throws -> OldGeneration
  ) -> [LostRun] {
    var lost: [LostRun] = []
    var missing: [(fingerprint: String, reason: String)] = []
    var loaded: [Slot] = []
    for (call, run) in runs.all.sorted(by: { $0.call < $1.call }) {
      if let known = missing.first(where: { $0.fingerprint == run.generation }) {
        lost.append(LostRun(call: call, reason: known.reason))
        continue
      }
      var found = slot(of: run.generation)
      if found == nil {
        do {
          let old = try load(run.generation)
          prepare(old.generation)
          let slot = Slot(old.generation, number: old.number)
          // Held until all runs are there: one that ends must not take it along.
          slot.liveCount = 1
          loaded.append(slot)
          retired.append(slot)
          found = slot
        } catch {
          missing.append((run.generation, "\(error)"))
          lost.append(LostRun(call: call, reason: "\(error)"))
          continue
        }
      }
      guard let slot = found, let reason = takeUp(run, in: slot) else { continue }
      cancel(call)
      lost.append(LostRun(call: call, reason: reason))
    }
    for slot in loaded { leave(slot) }
    return lost
  }

  /// Runs one run up to where it was; says why that was not possible.
  private mutating func takeUp(_ run: StrategyRun, in slot: Slot) -> String? {
    guard let functions = slot.generation.references[run.strategy.text] else {
      return "there is no strategy '\(run.strategy.text)' in its generation"
    }
    var call = run.facts.connID
    var step = start(run.strategy, functions.route, run.facts, in: slot)
    for (index, turn) in run.turns.enumerated() {
      switch turn {
      case .answered(let request, let answer, let context):
        guard Self.isSame(step, request) else {
          cancel(call)
          return Self.difference(index, step)
        }
        step = resume(call, with: answer, context: context)
      case .renamed(let connID):
        rename(call, to: connID)
        call = connID
      }
    }
    guard let request = run.request, Self.isSame(step, request) else {
      cancel(call)
      return Self.difference(run.turns.count, step)
    }
    return nil
  }

  private static func difference(_ index: Int, _ step: StrategyStep) -> String {
    let text =
      switch step {
      case .requested: "asks for something else"
      case .finished: "returns"
      case .failed: "fails"
      }
    return "with the same answers its strategy \(text) at step \(index + 1)"
  }

  /// Compared as it is spelled: a duration that Lua computed has more digits than a line has.
  private static func isSame(_ step: StrategyStep, _ request: StrategyRequest) -> Bool {
    guard case .requested(let asked) = step else { return false }
    return asked == request || text(asked) == text(request)
  }

  private static func text(_ request: StrategyRequest) -> String {
    var writer = JSONWriter()
    writer.value(.strategy(ConnID(1), .requested(request)), at: .zero)
    return writer.text
  }
}
