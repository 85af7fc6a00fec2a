// What agents ask for, and when they are available.

extension RoutingEngine {
  mutating func handle(_ signal: AgentSignal, _ outbox: inout Outbox) {
    switch signal {
    case .login(let id, let dn, _, _, let reference):
      withAgent(id, reference, &outbox) { engine, agent, outbox in
        engine.login(agent, at: dn, reference, &outbox)
      }
    case .logout(let id, _, let reference):
      withAgent(id, reference, &outbox) { engine, agent, outbox in
        engine.logout(agent, reference, &outbox)
      }
    case .ready(let id, _, let reference):
      withAgent(id, reference, &outbox) { engine, agent, outbox in
        engine.setMode(of: agent, .ready, reference, &outbox)
      }
    case .notReady(let id, let workMode, let reason, let reference):
      withAgent(id, reference, &outbox) { engine, agent, outbox in
        engine.setMode(of: agent, .notReady(workMode, reason: reason), reference, &outbox)
      }
    case .registerAddress, .unregisterAddress: break
    }
  }

  private mutating func withAgent(
    _ id: AgentID,
    _ reference: UInt32,
    _ outbox: inout Outbox,
    _ body: (inout RoutingEngine, AgentSlot, inout Outbox) -> Void
  ) {
    guard let agent = agents.slot(of: id) else {
      emitError(
        "there is no agent \"\(id.text)\"",
        at: DN(""),
        reference: asked(reference),
        agent: id,
        &outbox
      )
      return
    }
    body(&self, agent, &outbox)
  }

  /// The reference of a request; requests of our own have none.
  private func asked(_ reference: UInt32) -> UInt32? { reference == 0 ? nil : reference }

  private mutating func refuse(
    _ agent: AgentSlot,
    _ message: String,
    at dn: DN,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    let id = agents[agent].plan.id
    emitError(message, at: dn, reference: asked(reference), agent: id, &outbox)
  }

  private mutating func login(
    _ agent: AgentSlot,
    at wanted: DN?,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard let dn = wanted ?? agents[agent].plan.extensionDN else {
      refuse(agent, "the agent has no extension: name a DN", at: DN(""), reference, &outbox)
      return
    }
    guard let index = dnIndex[dn], dns[Int(index)].kind == .extension else {
      refuse(agent, "there is no extension \"\(dn.number)\"", at: dn, reference, &outbox)
      return
    }
    if let present = agents[agent].dn, present != index {
      let there = dns[Int(present)].dn.number
      refuse(agent, "the agent is logged in at \(there) already", at: dn, reference, &outbox)
      return
    }
    if let other = dns[Int(index)].agent, other != agent {
      let id = agents[other].plan.id.text
      refuse(agent, "agent \(id) is logged in at \(dn.number)", at: dn, reference, &outbox)
      return
    }
    let isNew = agents[agent].dn == nil
    agents[agent].dn = index
    dns[Int(index)].agent = agent
    if isNew {
      agents[agent].mode = .notReady(.unknown, reason: nil)
      agents[agent].since = now
    }
    // A second login at the same DN is legal and is announced again (DOMAIN 1.5).
    emitAgent(.agentLogin, agent, at: dn, reference, &outbox)
  }

  private mutating func logout(
    _ agent: AgentSlot,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard let index = agents[agent].dn else {
      refuse(agent, "the agent is not logged in", at: DN(""), reference, &outbox)
      return
    }
    let dn = dns[Int(index)].dn
    timers.disarm(agents[agent].afterCallWork)
    agents[agent].afterCallWork = nil
    agents[agent].mode = .loggedOut
    agents[agent].since = now
    updateAvailability(of: agent, &outbox)
    agents[agent].dn = nil
    dns[Int(index)].agent = nil
    emitAgent(.agentLogout, agent, at: dn, reference, &outbox)
    withdrawOffers(of: agent, &outbox)
    offerDN(index, &outbox)
  }

  /// An agent who logs out is offered nothing any more; the call he was offered goes on.
  private mutating func withdrawOffers(of agent: AgentSlot, _ outbox: inout Outbox) {
    guard case .reserved(let reservation) = agents[agent].engagement else { return }
    let call = reservation.owner
    switch reservation.reason {
    case .selected: releaseSelection(of: call, &outbox)
    case .diverting, .ringing:
      guard case .diverting(let diversion) = calls[call].state else { return }
      outbox.append(
        .cancelDiversion(calls[call].attributes.connID, attempt: diversion.attempt, .cancelled)
      )
      diversionFailed(call, .cancelled, &outbox)
    }
  }

  private mutating func setMode(
    of agent: AgentSlot,
    _ mode: AgentMode,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard let index = agents[agent].dn else {
      refuse(agent, "the agent is not logged in", at: DN(""), reference, &outbox)
      return
    }
    timers.disarm(agents[agent].afterCallWork)
    agents[agent].afterCallWork = nil
    setMode(of: agent, mode, at: dns[Int(index)].dn, reference: reference, &outbox)
    // Who asks for a break before he was routed to is let go; a call on its way goes on.
    if case .notReady = mode, case .reserved(let reservation) = agents[agent].engagement,
      case .selected = reservation.reason
    {
      releaseSelection(of: reservation.owner, &outbox)
    }
    updateAvailability(of: agent, &outbox)
  }

  /// Changes and announces readiness.
  ///
  /// Not ready after not ready is announced too (DOMAIN 3.1); availability is the caller's
  /// business.
  mutating func setMode(
    of agent: AgentSlot,
    _ mode: AgentMode,
    at dn: DN,
    reference: UInt32 = 0,
    _ outbox: inout Outbox
  ) {
    if agents[agent].mode != mode { agents[agent].since = now }
    agents[agent].mode = mode
    switch mode {
    case .ready: emitAgent(.agentReady, agent, at: dn, reference, &outbox)
    case .notReady: emitAgent(.agentNotReady, agent, at: dn, reference, &outbox)
    case .loggedOut: preconditionFailure("logging out is not a mode to be set")
    }
  }

  private mutating func emitAgent(
    _ kind: EventKind,
    _ agent: AgentSlot,
    at dn: DN,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    var event = Event(kind, thisDN: dn)
    event.agentID = agents[agent].plan.id
    event.referenceID = asked(reference)
    switch agents[agent].mode {
    case .notReady(let workMode, let reason):
      event.workMode = workMode
      event.reasons = reason.map { [KeyValue("REASON", $0)] }
    case .ready: event.workMode = .manualIn
    case .loggedOut: break
    }
    emit(event, &outbox)
  }

  /// `login = "auto"`: the agent of an extension that came into service logs in and is ready.
  mutating func logInAutomatically(at index: Int32, _ outbox: inout Outbox) {
    guard dns[Int(index)].agent == nil else { return }
    for slot in agents.indices {
      let agent = AgentSlot(index: slot)
      guard agents[agent].plan.logsInAutomatically, agents[agent].mode == .loggedOut,
        agents[agent].plan.extensionDN == dns[Int(index)].dn
      else { continue }
      login(agent, at: nil, 0, &outbox)
      setMode(of: agent, .ready, 0, &outbox)
      return
    }
  }

  /// Brings the line of the available up to date; who joins it is offered a waiting call.
  mutating func updateAvailability(of agent: AgentSlot, _ outbox: inout Outbox) {
    let shouldBe = canBeOffered(agent)
    guard shouldBe != agents[agent].isAvailable else { return }
    if shouldBe {
      agents.becomeAvailable(agent)
      offer(agent, &outbox)
    } else {
      agents.becomeUnavailable(agent)
    }
  }

  private func canBeOffered(_ agent: AgentSlot) -> Bool {
    guard case .ready = agents[agent].mode, case .none = agents[agent].engagement,
      agents[agent].blackout == nil, let dn = agents[agent].dn
    else { return false }
    return dns[Int(dn)].isInService
  }

  /// A conversation is over: after-call work if the queue wants it and the agent is ready.
  mutating func conversationEnded(
    of agent: AgentSlot,
    wrapUp: Duration,
    _ outbox: inout Outbox
  ) {
    // He may have logged in elsewhere while he talked: his DN of now counts, not the call's.
    if wrapUp > .zero, case .ready = agents[agent].mode, let index = agents[agent].dn {
      let dn = dns[Int(index)].dn
      agents[agent].afterCallWork = timers.arm(.afterCallWork(agent), at: now + wrapUp)
      setMode(of: agent, .notReady(.afterCallWork, reason: nil), at: dn, &outbox)
    }
    updateAvailability(of: agent, &outbox)
  }

  /// Keeps an agent out of selection for a while; zero: not at all.
  mutating func leaveAlone(
    _ agent: AgentSlot,
    for duration: Duration,
    _ outbox: inout Outbox
  ) {
    if duration > .zero { startBlackout(of: agent, for: duration) }
    updateAvailability(of: agent, &outbox)
  }

  mutating func startBlackout(of agent: AgentSlot, for duration: Duration) {
    timers.disarm(agents[agent].blackout)
    agents[agent].blackout = timers.arm(.blackout(agent), at: now + duration)
  }
}
