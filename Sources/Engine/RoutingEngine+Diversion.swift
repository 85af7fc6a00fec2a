// A call on its way: asked for, ringing, answered, failed.
//
// With `divert_on = "ringing"` (DOMAIN, decision 3) the call leaves its device when the target
// rings: EventRouteUsed, EventDiverted, then EventRinging. A diversion that fails before that has
// never left; one that fails afterwards comes back with a new EventQueued (and EventRouteRequest),
// on the ticket it had. With `divert_on = "answer"` it leaves when the target answers:
// EventRinging,
// then EventRouteUsed, EventDiverted, EventEstablished; whatever fails before, it has never left.

extension RoutingEngine {
  /// Sends a call to a destination; an agent is reserved for it from here on.
  mutating func divert(
    _ call: CallSlot,
    to way: Way,
    agent: AgentSlot?,
    ringTimeout: Int64,
    _ outbox: inout Outbox
  ) {
    let attempt = calls[call].attempts &+ 1
    if let agent { engage(agent, with: call, .diverting) }
    var mode = DivertMode.bridge
    var isTried = false
    if case .routingPoint(let index) = calls[call].device {
      mode = routingPoints[Int(index)].plan.divert
      isTried = true
    }
    let diversion = Diversion(
      attempt: attempt,
      way: way,
      agent: agent,
      ringTimeout: ringTimeout,
      timer: timers.arm(.ringNoAnswer(call), at: now.advanced(by: ringTimeout))
    )
    calls[call].beginDiversion(diversion, isTried: isTried)
    let destination = destination(way, of: call)
    if decisions.isKept {
      record(.sent(destination, agent.map { agents.id(of: $0) }, attempt: attempt), of: call)
    }
    outbox.append(
      .divert(calls[call].attributes.connID, attempt: attempt, to: destination, mode: mode)
    )
  }

  /// Reserves an agent for a call, replacing the call's own selection of him.
  mutating func engage(_ agent: AgentSlot, with call: CallSlot, _ reason: Reservation.Reason) {
    if case .reserved = agents[agent].engagement { timers.disarm(freeReservation(of: agent)) }
    if calls[call].selectedAgent == agent { calls[call].selectedAgent = nil }
    engage(agent, in: .reserved(Reservation(owner: call, reason: reason)))
    if agents[agent].isAvailable { agents.becomeUnavailable(agent) }
  }

  /// Changes what an agent is engaged in, and keeps his busy time.
  mutating func engage(_ agent: AgentSlot, in engagement: Engagement) {
    agents[agent].engage(in: engagement, at: now)
    noteStanding(of: agent)
  }

  @inline(__always)
  private func divertsOnAnswer(_ device: Device) -> Bool {
    switch device {
    case .routingPoint(let index): routingPoints[Int(index)].plan.divertOn == .answer
    case .queue(let index): queues[Int(index)].plan.divertOn == .answer
    case .direct: false
    }
  }

  mutating func targetRings(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .diverting(var diversion) = calls[call].state, !diversion.isRinging else { return }
    timers.disarm(diversion.timer)
    diversion.timer = timers.arm(.ringNoAnswer(call), at: now.advanced(by: diversion.ringTimeout))
    beginRinging(call, &diversion, isAnswered: false, &outbox)
  }

  private mutating func beginRinging(
    _ call: CallSlot,
    _ diversion: inout Diversion,
    isAnswered: Bool,
    _ outbox: inout Outbox
  ) {
    diversion.isRinging = true
    // Who answers at once has no need of it, unless it is recorded.
    if decisions.isKept || !isAnswered, let agent = diversion.agent,
      case .reserved(var reservation) = agents[agent].engagement
    {
      reservation.reason = .ringing
      agents[agent].engagement = .reserved(reservation)
      noteStanding(of: agent)
    }
    record(.rang(attempt: diversion.attempt), of: call)
    if !divertsOnAnswer(calls[call].device) {
      announce(call, diversion, &outbox)
      diversion.isAnnounced = true
    }
    // The event shows who is rung; who answers at once is not seen otherwise.
    if !isAnswered || outbox.interest.contains(.others) {
      calls[call].state = .diverting(diversion)
    }
    emitParty(.ringing, call, at: diversion.way, &outbox)
  }

  /// The call leaves its device in the eyes of the world.
  private mutating func announce(
    _ call: CallSlot,
    _ diversion: borrowing Diversion,
    _ outbox: inout Outbox
  ) {
    if !outbox.interest.contains(.others), calls[call].virtualQueue < 0, countsDeparture(of: call) {
      return
    }
    let dn = number(of: diversion.way, of: call)
    switch calls[call].device {
    case .routingPoint:
      emitRouteUsed(call, to: dn, rejecting: false, &outbox)
      emitDiverted(call, to: dn, &outbox)
    case .queue:
      if case .overflow = calls[call].decider {
        emitDiverted(call, to: dn, state: .overflowed, &outbox)
      } else {
        emitDiverted(call, to: dn, &outbox)
      }
    case .direct: break
    }
    guard calls[call].virtualQueue >= 0 else { return }
    leaveVirtualQueue(call, diversion.agent == nil ? .cleared : .distributed(dn), &outbox)
  }

  mutating func targetAnswered(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .diverting(var diversion) = calls[call].state else { return }
    timers.disarm(diversion.timer)
    if !diversion.isRinging { beginRinging(call, &diversion, isAnswered: true, &outbox) }
    record(.connected(attempt: diversion.attempt), of: call)
    if !diversion.isAnnounced { announce(call, diversion, &outbox) }
    emitParty(.established, call, at: diversion.way, &outbox)
    if calls[call].origin >= 0 { emit(originEvent(.established, call), &outbox) }
    if let agent = diversion.agent {
      agents[agent].takeCall(call, at: now)
      noteStanding(of: agent)
    }
    endStrategy(of: call, &outbox)
    calls[call].beginTalking(
      Conversation(way: diversion.way, agent: diversion.agent, since: now)
    )
    if !calls[call].targets.isEmpty { dropTargets(of: call) }
    if calls[call].selectedAgent != nil { releaseSelection(of: call, &outbox) }
  }

  /// The caller was told where to go: the call is out of sight from here (DOMAIN 6.1).
  mutating func redirected(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .diverting(let diversion) = calls[call].state else { return }
    if !diversion.isAnnounced { announce(call, diversion, &outbox) }
    var blackout = Duration.zero
    if case .routingPoint(let index) = calls[call].device {
      blackout = routingPoints[Int(index)].plan.redirectBlackout
    }
    record(.ended(.redirected), of: call)
    emitOriginEnd(of: call, .released, .redirected, &outbox)
    end(call, &outbox)
    if let agent = diversion.agent { leaveAlone(agent, for: blackout, &outbox) }
  }

  /// A diversion came to nothing: the agent is seen to, then the call goes on.
  mutating func diversionFailed(
    _ call: CallSlot,
    _ failure: RouteFailure,
    status: UInt16? = nil,
    _ outbox: inout Outbox
  ) {
    guard case .diverting(let diversion) = calls[call].state else { return }
    record(.missed(attempt: diversion.attempt, failure, status: status), of: call)
    timers.disarm(diversion.timer)
    let party = number(of: diversion.way, of: call)
    if diversion.isRinging, diversion.way.isLocal {
      var event = partyEvent(.released, call, at: party)
      event.callState = failure.callState
      emit(event, &outbox)
    }
    if !diversion.isAnnounced, case .strategy = calls[call].decider {
      // EventError answers the request, which has not been used (DOMAIN 2.6).
      var event = deviceEvent(.error, call)
      event.thirdPartyDN = party
      event.errorMessage = failure.word
      emit(event, &outbox)
    }
    let steps = overflowSteps(of: call, after: failure, agent: diversion.agent)
    calls[call].state = .consulting
    if let agent = diversion.agent {
      engage(agent, in: .none)
      answerFailure(failure, of: agent, for: call, at: party, &outbox)
    }
    if diversion.isAnnounced { comeBack(call, &outbox) }
    goOn(call, after: failure, status, steps, &outbox)
    // Only now, so that the caller who came back stands in line before his agent is offered on.
    if let agent = diversion.agent { callIsOver(for: agent, &outbox) }
  }

  private mutating func goOn(
    _ call: CallSlot,
    after failure: RouteFailure,
    _ status: UInt16?,
    _ steps: [NoAnswerOverflow]?,
    _ outbox: inout Outbox
  ) {
    if case .overflow(let steps, let next, let reason) = calls[call].decider {
      pursueOverflow(call, steps, from: next, reason, &outbox)
      return
    }
    if let steps {
      pursueOverflow(call, steps, from: 0, .noAnswer, &outbox)
      return
    }
    recall(call, after: failure, status: status, &outbox)
  }

  /// The call is at its device again, and the world is told (ADR 0011.9).
  private mutating func comeBack(_ call: CallSlot, _ outbox: inout Outbox) {
    switch calls[call].device {
    case .routingPoint:
      emitQueued(call, &outbox)
      emitRouteRequest(call, &outbox)
    case .queue: emitQueued(call, &outbox)
    case .direct: break
    }
  }

  /// Back to where the call came from: first in its line, or to who decides there.
  mutating func recall(
    _ call: CallSlot,
    after failure: RouteFailure,
    status: UInt16? = nil,
    _ outbox: inout Outbox
  ) {
    switch calls[call].device {
    case .queue: waitInQueues(call, &outbox)
    case .direct: failDirectCall(call, failure, status, &outbox)
    case .routingPoint:
      if let reason = calls[call].overdue {
        takeDefaultRoute(call, reason, &outbox)
        return
      }
      switch calls[call].decider {
      case .strategy:
        calls[call].strategyStepsAtOnce = 0
        resume(call, .failed(failure), &outbox)
      case .anybody, .target(.any), .target(.agent):
        pursueTarget(call, &outbox)
      case .target(.dn), .target(.queue), .target(.queues), .target(.trunk), .target(.reject):
        takeDefaultRoute(call, .targetFailed(failure), &outbox)
      case .target(.list(let rest)): pursueList(call, rest, after: failure, &outbox)
      case .defaults: pursueDefaults(call, &outbox)
      case .overflow: takeDefaultRoute(call, .targetFailed(failure), &outbox)
      case .nobody:
        preconditionFailure("a call at a routing point that nobody decides about")
      }
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
