internal import CLuaShim
public import Engine

// What strategies keep, from one generation to the next (Prosody's save and restore).
extension LuaStrategies {
  /// Lets the strategies of the current generation and of a new one agree on what is kept.
  ///
  /// The current generation's `save` gets the present values and returns what to hand over; the
  /// new one's `restore` gets that and returns the new values. Without them, values go over as they
  /// are; those of a strategy that the new generation does not have are kept for when it comes
  /// back. Nothing is installed and nothing changes here: give the result to the engine together
  /// with the new fingerprint (`ControlSignal.strategies`), and the generation to `install`.
  ///
  /// Call it on the thread that owns the shard, between two signals.
  ///
  /// - Parameters:
  ///   - generation: The generation that is to take over; not installed yet.
  ///   - values: What is kept now (`Shard.strategyState`).
  /// - Returns: What is to be kept from now on, ordered by strategy and key.
  /// - Throws: Everything that went wrong, with its place; nothing has changed then.
  public func handOver(
    to generation: Generation,
    values: [StrategyState]
  ) throws(LoadFailure) -> [StrategyState] {
    var problems: [LuaProblem] = []
    var result: [StrategyState] = []
    let old = currentGeneration
    // A strategy that keeps nothing yet may still want to begin with something.
    let kept = values.map(\.strategy)
    let empty = generation.strategies.filter { name in
      !kept.contains(name) && generation.references[name.text]?.restore != 0
    }
    for state in (values + empty.map { StrategyState($0) }) {
      do throws(LuaProblem) {
        var state = state
        if let save = old.references[state.strategy.text]?.save, save != 0 {
          state = try old.run(save, "save", state, limits)
        }
        if let restore = generation.references[state.strategy.text]?.restore, restore != 0 {
          state = try generation.run(restore, "restore", state, limits)
        }
        if !state.entries.isEmpty { result.append(state) }
      } catch {
        problems.append(error)
      }
    }
    guard problems.isEmpty else { throw LoadFailure(problems) }
    return result.sorted { $0.strategy.text < $1.strategy.text }
  }
}

extension Generation {
  /// Calls a strategy's `save` or `restore`.
  fileprivate func run(
    _ reference: Int32,
    _ what: String,
    _ state: StrategyState,
    _ limits: Limits
  ) throws(LuaProblem) -> StrategyState {
    let file = "\(folder)/\(state.strategy.text).lua"
    let budget = Int64(limits.strategyInstructionsMax)
    let pointer = unsafe interpreter.pointer
    let outcome = unsafe LentEntries.with(state.entries) { names, values in
      unsafe rs_lua_hand_over(
        pointer,
        reference,
        names.baseAddress,
        values.baseAddress,
        values.count,
        budget
      )
    }
    guard outcome == RS_RETURNED else {
      let problem = LuaProblem(text: interpreter.message, file: file, files: files)
      throw LuaProblem(
        file: problem.file,
        line: problem.line,
        message: "\(what): \(problem.message)"
      )
    }
    var reader = FlatReader(bytes: interpreter.flat)
    func wrong(_ message: String) -> LuaProblem {
      LuaProblem(file: file, line: 0, message: "\(what): \(message)")
    }
    guard case .table(let table)? = reader.next() else {
      throw wrong("it must return a table of what is kept")
    }
    guard table.array.isEmpty else { throw wrong("keys are texts, not numbers") }
    var entries: [StateEntry] = []
    for pair in table.pairs {
      guard case .string(let key) = pair.key else { throw wrong("keys are texts") }
      guard let value = StateValue(pair.value) else {
        throw wrong("'\(key)' is no text, finite number or boolean")
      }
      entries.append(StateEntry(key, value))
    }
    let result = StrategyState(state.strategy, entries)
    if let problem = result.problem(within: limits) { throw wrong(problem) }
    return result
  }
}
