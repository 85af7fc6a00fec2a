// Changes of the site itself.

extension RoutingEngine {
  mutating func handle(_ signal: ControlSignal, _ outbox: inout Outbox) {
    switch signal {
    case .start: start(&outbox)
    case .strategies(let fingerprint, let state):
      replaceGeneration(with: fingerprint)
      shares.beginGeneration()
      if let state { install(state, &outbox) }
    case .strategyLost(let call, let text): loseStrategy(of: call, text, &outbox)
    case .drain: isDraining = true
    case .alarm(let text): emitError(text, at: "", &outbox)
    }
  }

  /// All of it or nothing: half a state would be one that no strategy has made.
  private mutating func install(_ state: [StrategyState], _ outbox: inout Outbox) {
    for one in state {
      guard let problem = one.problem(within: plan.limits) else { continue }
      emitError(problem, at: "", &outbox)
      return
    }
    states = StrategyStates(state)
  }

  private mutating func start(_ outbox: inout Outbox) {
    isDraining = false
    for (index, entry) in plan.extensions.enumerated()
    where entry.startsInService && !dns[index].isInService {
      dns[index].isInService = true
      emit(Event(.dnBackInService, thisDN: entry.dn), &outbox)
      logInAutomatically(at: Int32(index), &outbox)
    }
  }
}
