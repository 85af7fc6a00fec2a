// A call on its way: asked for, ringing, answered, failed.
//
// With "divert on ringing" (DOMAIN, decision 3) the call leaves its device when the target rings:
// EventRouteUsed, EventDiverted, then EventRinging. A diversion that fails before that has never
// left; one that fails afterwards comes back with a new EventQueued (and EventRouteRequest), on the
// ticket it had.

extension RoutingEngine {
  /// Sends a call to a destination; an agent is reserved for it from here on.
  mutating func divert(
    _ call: CallSlot,
    to destination: Destination,
    agent: AgentSlot?,
    ringTimeout: Duration,
    _ outbox: inout Outbox
  ) {
    calls[call].attempts &+= 1
    let attempt = calls[call].attempts
    if let agent { engage(agent, with: call, .diverting) }
    if case .routingPoint = calls[call].device { calls[call].tried.append(destination.dn) }
    let diversion = Diversion(
      attempt: attempt,
      destination: destination,
      agent: agent,
      ringTimeout: ringTimeout,
      timer: timers.arm(.ringNoAnswer(call), at: now + ringTimeout)
    )
    calls[call].state = .diverting(diversion)
    outbox.append(
      .divert(
        calls[call].attributes.connID,
        attempt: attempt,
        to: destination,
        mode: mode(of: calls[call].device)
      )
    )
  }

  private func mode(of device: Device) -> DivertMode {
    switch device {
    case .routingPoint(let index): routingPoints[Int(index)].plan.divert
    case .queue: .bridge
    }
  }

  /// Reserves an agent for a call, replacing the call's own selection of him.
  mutating func engage(_ agent: AgentSlot, with call: CallSlot, _ reason: Reservation.Reason) {
    timers.disarm(freeReservation(of: agent))
    if calls[call].selectedAgent == agent { calls[call].selectedAgent = nil }
    engage(agent, in: .reserved(Reservation(owner: call, reason: reason)))
    if agents[agent].isAvailable { agents.becomeUnavailable(agent) }
  }

  mutating func engage(_ agent: AgentSlot, in engagement: Engagement) {
    agents[agent].engagement = engagement
    agents[agent].since = now
  }

  private mutating func updateDiversion(
    of call: CallSlot,
    _ change: (inout Diversion) -> Void
  ) {
    guard case .diverting(var diversion) = calls[call].state else { return }
    change(&diversion)
    calls[call].state = .diverting(diversion)
  }

  mutating func targetRings(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .diverting(let diversion) = calls[call].state, !diversion.isRinging else { return }
    timers.disarm(diversion.timer)
    let timer = timers.arm(.ringNoAnswer(call), at: now + diversion.ringTimeout)
    if let agent = diversion.agent {
      engage(agent, in: .reserved(Reservation(owner: call, reason: .ringing)))
    }
    announce(call, diversion, &outbox)
    if diversion.destination.isLocal {
      emit(partyEvent(.ringing, call, at: diversion.destination.dn), &outbox)
    }
    updateDiversion(of: call) {
      $0.timer = timer
      $0.isRinging = true
      $0.isAnnounced = true
    }
  }

  /// The call leaves its device in the eyes of the world.
  private mutating func announce(
    _ call: CallSlot,
    _ diversion: Diversion,
    _ outbox: inout Outbox
  ) {
    guard !diversion.isAnnounced else { return }
    if case .routingPoint = calls[call].device {
      emitRouteUsed(call, to: diversion.destination.dn, rejecting: false, &outbox)
    }
    emitDiverted(call, to: diversion.destination.dn, &outbox)
  }

  mutating func targetAnswered(_ call: CallSlot, _ outbox: inout Outbox) {
    targetRings(call, &outbox)
    guard case .diverting(let diversion) = calls[call].state else { return }
    timers.disarm(diversion.timer)
    if diversion.destination.isLocal {
      emit(partyEvent(.established, call, at: diversion.destination.dn), &outbox)
    }
    if let agent = diversion.agent { engage(agent, in: .talking(call)) }
    endStrategy(of: call, &outbox)
    calls[call].decider = .nobody
    calls[call].state = .established(
      Conversation(destination: diversion.destination, agent: diversion.agent)
    )
    releaseSelection(of: call, &outbox)
  }

  /// The caller was told where to go: the call is out of sight from here (DOMAIN 6.1).
  mutating func redirected(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .diverting(let diversion) = calls[call].state else { return }
    announce(call, diversion, &outbox)
    var blackout = Duration.zero
    if case .routingPoint(let index) = calls[call].device {
      blackout = routingPoints[Int(index)].plan.redirectBlackout
    }
    end(call, &outbox)
    if let agent = diversion.agent { leaveAlone(agent, for: blackout, &outbox) }
  }

  /// A diversion came to nothing: the agent is seen to, then the call goes on.
  mutating func diversionFailed(
    _ call: CallSlot,
    _ failure: RouteFailure,
    _ outbox: inout Outbox
  ) {
    guard case .diverting(let diversion) = calls[call].state else { return }
    timers.disarm(diversion.timer)
    if diversion.isRinging, diversion.destination.isLocal {
      var event = partyEvent(.released, call, at: diversion.destination.dn)
      event.callState = failure.callState
      emit(event, &outbox)
    } else if case .strategy = calls[call].decider {
      var event = deviceEvent(.error, call)
      event.thirdPartyDN = diversion.destination.dn
      event.errorMessage = failure.word
      emit(event, &outbox)
    }
    calls[call].state = .consulting
    if let agent = diversion.agent {
      engage(agent, in: .none)
      answerFailure(failure, of: agent, at: diversion.destination.dn, &outbox)
    }
    switch calls[call].device {
    case .queue(let index):
      comeBack(call, toQueue: index, announced: diversion.isAnnounced, &outbox)
    case .routingPoint:
      if diversion.isAnnounced {
        emitQueued(call, &outbox)
        emitRouteRequest(call, &outbox)
      }
      goOn(call, after: failure, &outbox)
    }
    // Only now, so that the caller who came back stands in line before his agent is offered on.
    if let agent = diversion.agent { updateAvailability(of: agent, &outbox) }
  }

  /// RONA: who does not answer becomes not ready.
  ///
  /// Who refuses is left alone for a while, so that he and the call do not chase each other (PEERS
  /// B16).
  private mutating func answerFailure(
    _ failure: RouteFailure,
    of agent: AgentSlot,
    at dn: DN,
    _ outbox: inout Outbox
  ) {
    switch failure {
    case .noAnswer:
      guard case .ready = agents[agent].mode else { return }
      setMode(of: agent, .notReady(.auxWork, reason: "RONA"), at: dn, &outbox)
    case .busy, .rejected, .unreachable, .timeout, .noSuchTarget:
      startBlackout(of: agent, for: plan.limits.refusalBackOff)
    case .cancelled:
      // Who logged out has no need of it; from the line it is a refusal like any other.
      guard agents[agent].dn != nil else { return }
      startBlackout(of: agent, for: plan.limits.refusalBackOff)
    }
  }

  /// A call at a routing point goes on after a diversion that failed.
  private mutating func goOn(
    _ call: CallSlot,
    after failure: RouteFailure,
    _ outbox: inout Outbox
  ) {
    if calls[call].isOverdue {
      takeDefaultRoute(call, .timeout, &outbox)
      return
    }
    switch calls[call].decider {
    case .strategy:
      calls[call].strategyStepsAtOnce = 0
      resume(call, .failed(failure), &outbox)
    case .target(.any), .target(.agent):
      pursueTarget(call, &outbox)
    case .target(.dn), .target(.queue), .target(.queues), .target(.trunk), .target(.reject):
      takeDefaultRoute(call, .targetFailed(failure), &outbox)
    case .defaults: pursueDefaults(call, &outbox)
    case .nobody: preconditionFailure("a call at a routing point that nobody decides about")
    }
  }

  /// The caller is first in line again: he keeps his ticket.
  private mutating func comeBack(
    _ call: CallSlot,
    toQueue index: Int32,
    announced: Bool,
    _ outbox: inout Outbox
  ) {
    if announced { emitQueued(call, &outbox) }
    waitInQueue(call, index, &outbox)
  }

  // MARK: Queues

  /// A call enters a queue: from here it leaves only to one of its agents, or by abandoning.
  mutating func enterQueue(_ call: CallSlot, _ index: Int32, _ outbox: inout Outbox) {
    guard queues[Int(index)].line.count < plan.limits.queueLengthMax else {
      let dn = queues[Int(index)].plan.dn
      emitError("queueLengthMax (\(plan.limits.queueLengthMax)) is reached", at: dn, &outbox)
      outbox.append(.reject(calls[call].attributes.connID, status: 486))
      end(call, &outbox)
      return
    }
    calls[call].device = .queue(index)
    calls[call].decider = .nobody
    lastTicket += 1
    calls[call].ticket = lastTicket
    calls[call].waitingSince = now
    emitQueued(call, &outbox)
    waitInQueue(call, index, &outbox)
  }

  private mutating func waitInQueue(_ call: CallSlot, _ index: Int32, _ outbox: inout Outbox) {
    if let agent = chooseAgent(of: index, for: call) {
      divertToAgent(agent, from: index, call, &outbox)
      return
    }
    calls[call].state = .queued
    queues[Int(index)].line.enter(call, in: &calls)
    outbox.append(
      .queued(
        calls[call].attributes.connID,
        queue: queues[Int(index)].plan.dn,
        position: queues[Int(index)].line.position(of: call, in: calls)
      )
    )
  }

  private mutating func divertToAgent(
    _ agent: AgentSlot,
    from queue: Int32,
    _ call: CallSlot,
    _ outbox: inout Outbox
  ) {
    guard let dn = agents[agent].dn else { preconditionFailure("an available agent has a DN") }
    let ringTimeout = queues[Int(queue)].plan.ringTimeout
    divert(
      call,
      to: .dn(dns[Int(dn)].dn),
      agent: agent,
      ringTimeout: ringTimeout,
      &outbox
    )
  }

  // MARK: Which waiting call gets this agent

  /// The one rule: priority, then ticket, over all queues that he serves and all selections.
  mutating func offer(_ agent: AgentSlot, _ outbox: inout Outbox) {
    var best: CallSlot?
    for index in agents[agent].queues {
      var candidate = queues[Int(index)].line.front
      while let call = candidate, !mayServeQueue(agent, call) {
        candidate = queues[Int(index)].line.after(call, in: calls)
      }
      if let call = candidate, comesBefore(call, best) { best = call }
    }
    var candidate = selectors.front
    while let call = candidate, comesBefore(call, best) {
      if isServed(call, by: agent) {
        best = call
        break
      }
      candidate = selectors.after(call, in: calls)
    }
    guard let call = best else { return }
    switch calls[call].state {
    case .queued:
      guard case .queue(let index) = calls[call].device else {
        preconditionFailure("a call in line is at a queue")
      }
      queues[Int(index)].line.leave(call, in: &calls)
      outbox.append(.dequeued(calls[call].attributes.connID))
      divertToAgent(agent, from: index, call, &outbox)
    case .selecting:
      selectors.leave(call, in: &calls)
      calls[call].strategyStepsAtOnce = 0
      take(.agent(agent), for: call, &outbox)
    case .consulting, .pausing, .readingHeader, .diverting, .established:
      preconditionFailure("a call that does not wait stands in a line")
    }
  }

  private func comesBefore(_ call: CallSlot, _ other: CallSlot?) -> Bool {
    guard let other else { return true }
    if calls[call].priority != calls[other].priority {
      return calls[call].priority > calls[other].priority
    }
    return calls[call].ticket < calls[other].ticket
  }

  /// A DN came into service, or its agent logged out: a selection that waits for it may have it.
  mutating func offerDN(_ index: Int32, _ outbox: inout Outbox) {
    guard dns[Int(index)].agent == nil else { return }
    var candidate = selectors.front
    while let call = candidate {
      candidate = selectors.after(call, in: calls)
      guard case .selecting(let targets) = calls[call].state,
        let choice = choose(targets, for: call)
      else { continue }
      selectors.leave(call, in: &calls)
      calls[call].strategyStepsAtOnce = 0
      take(choice, for: call, &outbox)
    }
  }
}

extension RouteFailure {
  /// How a leg that rang and came to nothing ended (DOMAIN, decision 4).
  var callState: CallStateCode {
    switch self {
    case .noAnswer: .noAnswer
    case .busy: .busy
    case .rejected, .unreachable, .noSuchTarget: .generalError
    case .timeout, .cancelled: .dropped
    }
  }
}
