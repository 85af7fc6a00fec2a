// What agents ask for (DOMAIN 3.1).

extension RoutingEngine {
  mutating func handle(_ signal: AgentSignal, _ outbox: inout Outbox) {
    switch signal {
    case .login(let id, let dn, let place, let queues, let reference):
      guard let agent = known(id, reference, &outbox) else { return }
      login(agent, at: dn, place, queues, reference, &outbox)
    case .logout(let id, let queue, let reference):
      guard let agent = known(id, reference, &outbox) else { return }
      logout(agent, queue, reference, &outbox)
    case .ready(let id, let mode, let reference):
      guard let agent = known(id, reference, &outbox) else { return }
      ask(agent, .ready(mode == .manualIn ? .manualIn : .autoIn), reference, &outbox)
    case .notReady(let id, let workMode, let reason, let reference):
      guard let agent = known(id, reference, &outbox) else { return }
      ask(agent, .notReady(workMode, reason: reason), reference, &outbox)
    case .registerAddress(let dn, let reference): register(dn, true, reference, &outbox)
    case .unregisterAddress(let dn, let reference): register(dn, false, reference, &outbox)
    }
  }

  private mutating func known(
    _ id: AgentID,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) -> AgentSlot? {
    if let agent = agents.slot(of: id) { return agent }
    emitError(
      "there is no agent \"\(id.text)\"",
      at: DN(""),
      reference: asked(reference),
      agent: id,
      &outbox
    )
    return nil
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
    let id = agents.id(of: agent)
    emitError(message, at: dn, reference: asked(reference), agent: id, &outbox)
  }

  /// RequestRegisterAddress: a DN comes into service because somebody says so.
  private mutating func register(
    _ dn: DN,
    _ isRegistered: Bool,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard let index = dnIndex[dn], dns[Int(index)].kind == .extension else {
      let message = "there is no extension \"\(dn.number)\""
      emitError(message, at: dn, reference: asked(reference), &outbox)
      return
    }
    var event = Event(isRegistered ? .registered : .unregistered, thisDN: dn)
    event.referenceID = asked(reference)
    emit(event, &outbox)
    setInService(dn, isRegistered, &outbox)
  }

  // MARK: Login

  private mutating func login(
    _ agent: AgentSlot,
    at wanted: DN?,
    _ placeName: String?,
    _ queueDNs: [DN],
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard let seat = seat(for: agent, wanted, placeName, reference, &outbox),
      let queueList = queueList(queueDNs, for: agent, at: seat.dn, reference, &outbox)
    else { return }
    let isNew = agents[agent].dn < 0
    if isNew {
      take(seat, agent)
      agents.count(agent, loggedIn: 1)
      agents[agent].mode = .notReady(.unknown, reason: nil)
      agents[agent].since = now
      agents[agent].loggedInAt = now
      agents[agent].busyNanoseconds = 0
      agents[agent].callsTaken = 0
    }
    sign(agent, to: queueList, isNew: isNew)
    noteStanding(of: agent)
    // A second login at the same DN is legal and is announced again (DOMAIN 1.5).
    let dn = dns[Int(seat.dn)].dn
    if queueDNs.isEmpty {
      emitAgent(.agentLogin, agent, at: dn, reference, &outbox)
    } else {
      for queue in queueDNs {
        emitAgent(.agentLogin, agent, at: dn, queue: queue, reference, &outbox)
      }
    }
    // New queues may have calls that he can take.
    if agents[agent].isAvailable { offer(agent, &outbox) }
  }

  /// Where an agent sits down: a DN, or all DNs of a place.
  private struct Seat {
    var dn: Int32
    var place: Int32
  }

  private mutating func seat(
    for agent: AgentSlot,
    _ wanted: DN?,
    _ placeName: String?,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) -> Seat? {
    var seat = Seat(dn: -1, place: -1)
    if let placeName {
      guard let place = placeIndex[placeName], let first = placeDNs[Int(place)].first else {
        refuse(agent, "there is no place \"\(placeName)\"", at: DN(""), reference, &outbox)
        return nil
      }
      seat = Seat(dn: first, place: place)
    } else {
      guard let dn = wanted ?? agents.plan(of: agent).extensionDN else {
        refuse(agent, "the agent has no extension: name a DN", at: DN(""), reference, &outbox)
        return nil
      }
      guard let index = dnIndex[dn], dns[Int(index)].kind == .extension else {
        refuse(agent, "there is no extension \"\(dn.number)\"", at: dn, reference, &outbox)
        return nil
      }
      seat = Seat(dn: index, place: dns[Int(index)].place)
    }
    let dn = dns[Int(seat.dn)].dn
    if agents[agent].dn >= 0 {
      let isSame =
        seat.place >= 0 ? agents[agent].place == seat.place : agents[agent].dn == seat.dn
      guard isSame else {
        let there = dns[Int(agents[agent].dn)].dn.number
        refuse(agent, "the agent is logged in at \(there) already", at: dn, reference, &outbox)
        return nil
      }
    }
    let members = seat.place >= 0 ? placeDNs[Int(seat.place)] : [seat.dn]
    for member in members {
      guard let other = dns[Int(member)].agent, other != agent else { continue }
      let id = agents.id(of: other).text
      let number = dns[Int(member)].dn.number
      refuse(agent, "agent \(id) is logged in at \(number)", at: dn, reference, &outbox)
      return nil
    }
    return seat
  }

  private mutating func take(_ seat: Seat, _ agent: AgentSlot) {
    agents[agent].dn = seat.dn
    agents[agent].place = seat.place
    let members = seat.place >= 0 ? placeDNs[Int(seat.place)] : [seat.dn]
    for member in members { dns[Int(member)].agent = agent }
  }

  /// The queues that a login names; nil when one of them is none of his.
  private mutating func queueList(
    _ queueDNs: [DN],
    for agent: AgentSlot,
    at dn: Int32,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) -> [Int32]? {
    var list: [Int32] = []
    for queueDN in queueDNs {
      let number = dns[Int(dn)].dn
      guard let index = dnIndex[queueDN], case .queue(let queue) = dns[Int(index)].kind,
        !queues[Int(queue)].isVirtual
      else {
        refuse(agent, "there is no queue \"\(queueDN.number)\"", at: number, reference, &outbox)
        return nil
      }
      guard agents.satisfies(agent, queueExpressions[Int(queue)]) else {
        let message = "the agent's skills do not fit queue \(queueDN.number)"
        refuse(agent, message, at: number, reference, &outbox)
        return nil
      }
      list.append(queue)
    }
    return list
  }

  /// Signs in to the queues of a first login (all that fit when none is named), or to further ones.
  private mutating func sign(_ agent: AgentSlot, to list: [Int32], isNew: Bool) {
    guard isNew else {
      for queue in list { agents.sign(agent, to: queue, true) }
      return
    }
    for queue in queues.indices where !queues[queue].isVirtual {
      let index = Int32(queue)
      let isIn =
        list.isEmpty
        ? agents.satisfies(agent, queueExpressions[queue]) : list.contains(index)
      agents.sign(agent, to: index, isIn)
    }
  }

  // MARK: Logout

  private mutating func logout(
    _ agent: AgentSlot,
    _ queueDN: DN?,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard agents[agent].dn >= 0 else {
      refuse(agent, "the agent is not logged in", at: DN(""), reference, &outbox)
      return
    }
    guard let queueDN else {
      logOut(agent, reference: reference, &outbox)
      return
    }
    let dn = dns[Int(agents[agent].dn)].dn
    guard let index = dnIndex[queueDN], case .queue(let queue) = dns[Int(index)].kind,
      agents.isSigned(agent, to: queue)
    else {
      let message = "the agent is not logged in to queue \(queueDN.number)"
      refuse(agent, message, at: dn, reference, &outbox)
      return
    }
    agents.sign(agent, to: queue, false)
    let isLast = !queues.indices.contains {
      !queues[$0].isVirtual && agents.isSigned(agent, to: Int32($0))
    }
    if isLast {
      logOut(agent, reference: reference, &outbox)
    } else {
      emitAgent(.queueLogout, agent, at: dn, queue: queueDN, reference, &outbox)
    }
  }

  /// The final logout: he is offered nothing any more; a call he talks in goes on.
  mutating func logOut(_ agent: AgentSlot, reference: UInt32 = 0, _ outbox: inout Outbox) {
    let index = agents[agent].dn
    guard index >= 0 else { return }
    let dn = dns[Int(index)].dn
    stopTimers(of: agent)
    agents[agent].mode = .loggedOut
    agents[agent].pending = nil
    agents[agent].since = now
    updateAvailability(of: agent, &outbox)
    agents.count(agent, loggedIn: -1)
    let left = agents[agent].place >= 0 ? placeDNs[Int(agents[agent].place)] : [index]
    emitAgent(.agentLogout, agent, at: dn, reference, &outbox)
    agents[agent].dn = -1
    agents[agent].place = -1
    for member in left { dns[Int(member)].agent = nil }
    noteStanding(of: agent)
    for queue in queues.indices where !queues[queue].isVirtual {
      agents.sign(agent, to: Int32(queue), false)
    }
    withdrawOffers(of: agent, &outbox)
    for member in left { offerDN(member, &outbox) }
  }

  private mutating func stopTimers(of agent: AgentSlot) {
    timers.disarm(agents[agent].afterCallWork)
    agents[agent].afterCallWork = nil
    timers.disarm(agents[agent].blackout)
    agents[agent].blackout = nil
  }

  /// An agent who logs out is offered nothing any more; the call he was offered goes on.
  private mutating func withdrawOffers(of agent: AgentSlot, _ outbox: inout Outbox) {
    guard case .reserved(let reservation) = agents[agent].engagement else { return }
    let call = reservation.owner
    switch reservation.reason {
    case .collecting: closeWindow(of: agent, &outbox)
    case .selected: releaseSelection(of: call, &outbox)
    case .diverting, .ringing:
      guard case .diverting(let diversion) = calls[call].state else { return }
      outbox.append(
        .cancelDiversion(calls[call].attributes.connID, attempt: diversion.attempt, .cancelled)
      )
      diversionFailed(call, .cancelled, &outbox)
    }
  }

  // MARK: Ready and not ready

  private mutating func ask(
    _ agent: AgentSlot,
    _ mode: AgentMode,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    guard agents[agent].dn >= 0 else {
      refuse(agent, "the agent is not logged in", at: DN(""), reference, &outbox)
      return
    }
    agents[agent].pending = nil
    if agents[agent].hasCall, !mode.isReady, agents[agent].mode.isReady {
      // The offer is not cut short; what he asked for is announced when it takes effect.
      agents[agent].pending = mode
      return
    }
    timers.disarm(agents[agent].afterCallWork)
    agents[agent].afterCallWork = nil
    setMode(of: agent, mode, reference: reference, &outbox)
    // Who asks for a break before he was routed to is let go.
    if !mode.isReady, case .reserved(let reservation) = agents[agent].engagement {
      switch reservation.reason {
      case .selected: releaseSelection(of: reservation.owner, &outbox)
      case .collecting: closeWindow(of: agent, &outbox)
      case .diverting, .ringing: break
      }
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
    reference: UInt32 = 0,
    _ outbox: inout Outbox
  ) {
    if agents[agent].mode != mode, !agents[agent].hasCall { agents[agent].since = now }
    agents[agent].mode = mode
    noteStanding(of: agent)
    let dn = dns[Int(agents[agent].dn)].dn
    emitAgent(mode.isReady ? .agentReady : .agentNotReady, agent, at: dn, reference, &outbox)
  }

  private mutating func emitAgent(
    _ kind: EventKind,
    _ agent: AgentSlot,
    at dn: DN,
    queue: DN? = nil,
    _ reference: UInt32,
    _ outbox: inout Outbox
  ) {
    var event = Event(kind, thisDN: dn)
    event.agentID = agents.id(of: agent)
    event.thisQueue = queue
    event.referenceID = asked(reference)
    if agents[agent].place >= 0 { event.place = plan.places[Int(agents[agent].place)].name }
    switch agents[agent].mode {
    case .notReady(let workMode, let reason):
      event.workMode = workMode
      event.reasons = reason.map { [KeyValue("REASON", $0)] }
    case .ready(let workMode): event.workMode = workMode
    case .loggedOut: break
    }
    emit(event, &outbox)
  }

  /// `login = "auto"`: the agent of an extension that came into service logs in and is ready.
  mutating func logInAutomatically(at index: Int32, _ outbox: inout Outbox) {
    guard dns[Int(index)].agent == nil else { return }
    var next = firstAutomatic[Int(index)]
    while next >= 0 {
      let agent = AgentSlot(index: next)
      next = nextAutomatic[Int(next)]
      guard agents[agent].mode == .loggedOut else { continue }
      login(agent, at: nil, nil, [], 0, &outbox)
      guard agents[agent].dn >= 0 else { continue }
      ask(agent, .ready(.autoIn), 0, &outbox)
      return
    }
  }
}
