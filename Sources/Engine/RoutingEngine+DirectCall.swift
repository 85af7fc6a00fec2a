// Calls to an agent's DN, and calls that our own DNs make (DOMAIN 2.1, 2.3: an internal A).
//
// A direct call waits nowhere: the phone rings, or the caller is told why not. It engages the agent
// who is logged in there like any other call, so that nothing is routed to him meanwhile; a
// reservation that a selection holds does not stop it (DOMAIN 8.12), the selection loses him.

extension RoutingEngine {
  mutating func callDirectly(_ call: CallSlot, _ index: Int32, _ outbox: inout Outbox) {
    guard dns[Int(index)].isInService else {
      refuse(call, status: 480, .generalError, &outbox)
      return
    }
    let agent = dns[Int(index)].agent
    if let agent {
      guard !agents[agent].hasCall else {
        refuse(call, status: 486, .busy, &outbox)
        return
      }
      loseReservation(of: agent, &outbox)
    }
    divert(
      call,
      to: Way(dn: index),
      agent: agent,
      ringTimeout: ringTimeout(nil, of: call, agent),
      &outbox
    )
  }

  /// A selection that has reserved an agent, or collects for him, loses him.
  private mutating func loseReservation(of agent: AgentSlot, _ outbox: inout Outbox) {
    guard case .reserved(let reservation) = agents[agent].engagement else { return }
    timers.disarm(reservation.timer)
    if calls[reservation.owner].selectedAgent == agent {
      calls[reservation.owner].selectedAgent = nil
    }
    if calls[reservation.owner].collectedAgent == agent {
      calls[reservation.owner].collectedAgent = nil
    }
    engage(agent, in: .none)
  }

  /// There is nobody else to try: the caller is told why, with the phone's own status where that
  /// says something to him, and never with a 6xx that the phone has not said.
  mutating func failDirectCall(
    _ call: CallSlot,
    _ failure: RouteFailure,
    _ status: UInt16?,
    _ outbox: inout Outbox
  ) {
    switch failure {
    case .busy: refuse(call, status: 486, .busy, &outbox)
    case .rejected:
      let said = status ?? 603
      refuse(call, status: Self.isForCallers(said) ? said : 480, .generalError, &outbox)
    case .noAnswer: refuse(call, status: 480, .noAnswer, &outbox)
    case .timeout, .unreachable, .noSuchTarget, .cancelled:
      refuse(call, status: 480, .generalError, &outbox)
    }
  }

  /// Whether a refusal speaks of the call that the caller wants, and not of what we have sent
  /// (RFC 3261 21.4, 21.6).
  private static func isForCallers(_ status: UInt16) -> Bool {
    switch status {
    case 403, 406, 415, 433, 488, 493, 603, 606...608: true
    default: false
    }
  }

  // MARK: Calls that our DNs make

  /// Announces who calls, and keeps his agent out of selection while he does.
  mutating func beginOrigin(of call: CallSlot, _ outbox: inout Outbox) {
    let type = calls[call].attributes.type
    guard type == .internal || type == .consult,
      let index = dnIndex[DN(calls[call].attributes.ani)], dns[Int(index)].kind == .extension
    else { return }
    calls[call].origin = index
    emit(originEvent(.dialing, call), &outbox)
    guard let agent = dns[Int(index)].agent else { return }
    if let held = calls[call].consultOf.flatMap({ calls.slot(of: $0) }),
      case .talking(held) = agents[agent].engagement
    {
      calls[held].consult = calls[call].attributes.connID
    }
    guard case .none = agents[agent].engagement else { return }
    if agents[agent].isAvailable { agents.becomeUnavailable(agent) }
    engage(agent, in: .talking(call))
    calls[call].originAgent = agent
  }

  /// The held call is over, the consult call beside it is not: it is what engages its agent now.
  mutating func goOnWithConsult(_ consult: ConnID?, _ agent: AgentSlot) {
    guard let call = consult.flatMap({ calls.slot(of: $0) }), calls[call].originAgent == nil,
      calls[call].origin >= 0, dns[Int(calls[call].origin)].agent == agent,
      case .none = agents[agent].engagement
    else { return }
    engage(agent, in: .talking(call))
    calls[call].originAgent = agent
  }

  /// Announces that the caller's own end of the call is over.
  mutating func emitOriginEnd(
    of call: CallSlot,
    _ kind: EventKind,
    _ state: CallStateCode,
    _ outbox: inout Outbox
  ) {
    guard calls[call].origin >= 0 else { return }
    var event = originEvent(kind, call)
    event.callState = state
    emit(event, &outbox)
  }
}
