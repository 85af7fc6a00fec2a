// Changes of the site itself.

extension RoutingEngine {
  mutating func handle(_ signal: ControlSignal, _ outbox: inout Outbox) {
    switch signal {
    case .start: start(&outbox)
    case .strategies(let fingerprint): replaceGeneration(with: fingerprint)
    case .drain: isDraining = true
    }
  }

  private mutating func start(_ outbox: inout Outbox) {
    for (index, entry) in plan.extensions.enumerated()
    where entry.startsInService && !dns[index].isInService {
      dns[index].isInService = true
      emit(Event(.dnBackInService, thisDN: entry.dn), &outbox)
      logInAutomatically(at: Int32(index), &outbox)
    }
  }
}
