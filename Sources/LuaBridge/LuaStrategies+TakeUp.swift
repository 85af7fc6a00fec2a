public import Engine

// Runs of an earlier process: a strategy's state is a function of what it was given, so it is given
// the same once more.
extension LuaStrategies {
  /// Starts a run anew in the current generation and answers its requests as they were answered.
  ///
  /// - Parameters:
  ///   - run: What it was given.
  ///   - isSame: Whether a request is the one that was recorded, which may have been rounded.
  /// - Returns: The call whose run is suspended where it was; nil when it is not what it was: its
  ///   next answer then finds a strategy that has failed, and the call takes its default route.
  public mutating func takeUp(
    _ run: StrategyRun,
    isSame: (_ now: StrategyRequest, _ then: StrategyRequest) -> Bool
  ) -> ConnID? {
    var call = run.facts.connID
    var step = start(run.strategy, facts: run.facts)
    for turn in run.turns {
      switch turn {
      case .answered(let request, let answer, let context):
        guard case .requested(let asked) = step, isSame(asked, request) else {
          return lose(call, of: run)
        }
        step = resume(call, with: answer, context: context)
      case .renamed(let connID):
        rename(call, to: connID)
        call = connID
      }
    }
    guard case .requested(let asked) = step, let request = run.request, isSame(asked, request)
    else { return lose(call, of: run) }
    return call
  }

  /// Notes that a call's run did not outlive a process: its next answer ends it.
  ///
  /// A fact of the machine, like memory that was used up, which is what it is called: a replay
  /// takes it from the recording.
  public mutating func lose(_ call: ConnID) {
    cancel(call)
    lost.insert(call)
  }

  private mutating func lose(_ call: ConnID, of run: StrategyRun) -> ConnID? {
    cancel(call)
    var name = run.facts.connID
    for case .renamed(let connID) in run.turns { name = connID }
    lose(name)
    return nil
  }
}
