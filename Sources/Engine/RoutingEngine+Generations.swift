// Generations of strategies: a call ends in the one in which it started, but not for ever.
//
// A generation that is no longer current has `Limits.generationDrain` to come to its end. What runs
// in it then is ended: its calls take the default route with the reason "drained".

extension RoutingEngine {
  /// A new generation is current: strategies that run keep theirs, for a while.
  mutating func replaceGeneration(with fingerprint: String) {
    retireExtensions()
    strategyFingerprint = fingerprint
    for index in routingPoints.indices {
      routingPoints[index].extensions = [
        KeyValue("STRATEGY", routingPoints[index].plan.strategy.text),
        KeyValue("GENERATION", fingerprint),
      ]
    }
    guard let retired = generations.replace() else { return }
    let deadline = now + plan.limits.generationDrain
    generations[timerOf: retired] = timers.arm(.generationDrain(retired), at: deadline)
  }

  /// Calls keep what they began with: only now is it written down for each.
  private mutating func retireExtensions() {
    var begun: [CallSlot] = []
    calls.forEach { call in
      if calls[call].strategyPoint >= 0 { begun.append(call) }
    }
    for call in begun {
      calls[call].retiredExtensions = strategyExtensions(of: call)
      calls[call].strategyPoint = -1
    }
  }

  /// Which strategy and generation a call began with; AttributeExtensions of `EventRouteUsed`.
  func strategyExtensions(of call: CallSlot) -> [KeyValue]? {
    let point = calls[call].strategyPoint
    return point < 0 ? calls[call].retiredExtensions : routingPoints[Int(point)].extensions
  }

  /// The time of a generation that is not current is up: what still runs in it is ended.
  mutating func generationDrained(_ generation: Int32, _ outbox: inout Outbox) {
    generations[timerOf: generation] = nil
    var running: [CallSlot] = []
    calls.forEach { call in
      if calls[call].generation == generation { running.append(call) }
    }
    for call in running { endRun(of: call, .drained, &outbox) }
  }

  /// Nobody can go on with a call's strategy.
  mutating func loseStrategy(of connID: ConnID, _ text: String, _ outbox: inout Outbox) {
    guard let call = calls.slot(of: connID), calls[call].generation >= 0 else { return }
    endRun(of: call, .error(text), &outbox)
  }

  private mutating func endRun(
    of call: CallSlot,
    _ failure: StrategyFailure,
    _ outbox: inout Outbox
  ) {
    switch calls[call].state {
    case .diverting:
      // A phone that rings is left to ring, as when the routing point's patience is over.
      if calls[call].overdue == nil { calls[call].overdue = .strategyFailed(failure) }
    case .consulting, .selecting, .treating, .pausing, .readingHeader:
      takeDefaultRoute(call, .strategyFailed(failure), &outbox)
    case .queued, .established:
      preconditionFailure("a strategy runs for a call that has left its routing point")
    }
  }

  /// A call's strategy does not run any more.
  mutating func leaveGeneration(_ call: CallSlot) {
    let generation = calls[call].generation
    guard generation >= 0 else { return }
    calls[call].generation = -1
    if let timer = generations.leave(generation) { timers.disarm(timer) }
  }
}
