// Expired timers, in the order of their deadlines.

extension RoutingEngine {
  mutating func expireTimers(_ outbox: inout Outbox) {
    while let kind = timers.popDue(at: now) {
      switch kind {
      case .routingPoint(let call): routingPointTimedOut(call, &outbox)
      case .strategyWait(let call): waitTimedOut(call, &outbox)
      case .ringNoAnswer(let call): ringTimedOut(call, &outbox)
      case .reservation(let agent): reservationTimedOut(agent, &outbox)
      case .afterCallWork(let agent): afterCallWorkEnded(agent, &outbox)
      case .blackout(let agent):
        agents[agent].blackout = nil
        noteStanding(of: agent)
        updateAvailability(of: agent, &outbox)
      case .generationDrain(let generation): generationDrained(generation, &outbox)
      }
    }
  }

  /// A phone that rings is left to ring; the default route waits for what becomes of it.
  private mutating func routingPointTimedOut(_ call: CallSlot, _ outbox: inout Outbox) {
    calls[call].routingPointTimer = nil
    switch calls[call].state {
    case .diverting: calls[call].overdue = .timeout
    case .consulting, .selecting, .treating, .pausing, .readingHeader:
      takeDefaultRoute(call, .timeout, &outbox)
    case .queued, .established:
      preconditionFailure("a routing point's timer outlived the stay there")
    }
  }

  private mutating func waitTimedOut(_ call: CallSlot, _ outbox: inout Outbox) {
    calls[call].waitTimer = nil
    calls[call].strategyStepsAtOnce = 0
    switch calls[call].state {
    case .selecting: selectionTimedOut(call, &outbox)
    case .pausing: resume(call, .done, &outbox)
    case .consulting, .treating, .readingHeader, .queued, .diverting, .established:
      preconditionFailure("a wait's timer outlived the wait")
    }
  }

  private mutating func ringTimedOut(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .diverting(let diversion) = calls[call].state else {
      preconditionFailure("a ring timer outlived its diversion")
    }
    let failure: RouteFailure = diversion.isRinging ? .noAnswer : .unreachable
    outbox.append(
      .cancelDiversion(calls[call].attributes.connID, attempt: diversion.attempt, failure)
    )
    diversionFailed(call, failure, &outbox)
  }

  private mutating func reservationTimedOut(_ agent: AgentSlot, _ outbox: inout Outbox) {
    guard case .reserved(let reservation) = agents[agent].engagement else {
      preconditionFailure("a reservation's timer outlived it")
    }
    switch reservation.reason {
    case .selected: releaseSelection(of: reservation.owner, &outbox)
    case .collecting: closeWindow(of: agent, &outbox)
    case .diverting, .ringing:
      preconditionFailure("an offer ends with its diversion, not by a timer of its own")
    }
  }
}
