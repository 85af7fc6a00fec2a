// The picture that people see.

extension RoutingEngine {
  /// A read-only picture as of `now`, which may be later than the last signal.
  public func snapshot(at now: Instant) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.time = epoch &+ now.nanoseconds
    snapshot.lastSequence = sequence
    calls.forEach { snapshot.calls.append(picture(of: $0)) }
    snapshot.calls.sort { $0.attributes.callID < $1.attributes.callID }
    for index in queues.indices { snapshot.queues.append(picture(ofQueue: index, at: now)) }
    for index in agents.indices { snapshot.agents.append(picture(of: AgentSlot(index: index))) }
    for record in dns { snapshot.dns.append(picture(of: record)) }
    for index in agents.indices {
      if let picture = reservation(of: AgentSlot(index: index)) {
        snapshot.reservations.append(picture)
      }
    }
    return snapshot
  }

  private func picture(of call: CallSlot) -> CallPicture {
    var target = ""
    switch calls[call].state {
    case .diverting(let diversion): target = diversion.destination.dn.number
    case .established(let conversation): target = conversation.destination.dn.number
    case .consulting, .selecting, .pausing, .readingHeader, .queued: break
    }
    var strategy = ""
    if case .routingPoint(let index) = calls[call].device {
      strategy = routingPoints[Int(index)].plan.strategy.text
    }
    return CallPicture(
      attributes: calls[call].attributes,
      state: calls[call].state.word,
      at: deviceDN(calls[call].device),
      target: target,
      strategy: strategy,
      entered: epoch &+ calls[call].entered.nanoseconds,
      attempts: calls[call].attempts,
      notes: calls[call].notes
    )
  }

  private func picture(ofQueue index: Int, at now: Instant) -> QueuePicture {
    var waiting: [ConnID] = []
    var next = queues[index].line.front
    while let call = next {
      waiting.append(calls[call].attributes.connID)
      next = queues[index].line.after(call, in: calls)
    }
    let oldest = queues[index].line.front.map { now - calls[$0].waitingSince } ?? .zero
    var loggedIn = 0
    var available = 0
    for slot in agents.indices {
      let agent = AgentSlot(index: slot)
      guard agents[agent].dn != nil, agents[agent].queues.contains(Int32(index))
      else { continue }
      loggedIn += 1
      if agents[agent].isAvailable { available += 1 }
    }
    return QueuePicture(
      dn: queues[index].plan.dn,
      name: queues[index].plan.name,
      waiting: waiting,
      oldestWait: UInt64(oldest.nanosecondsClamped),
      agentsLoggedIn: loggedIn,
      agentsAvailable: available
    )
  }

  private func picture(of slot: AgentSlot) -> AgentPicture {
    var state: String
    var workMode = WorkMode.unknown
    var reason = ""
    switch agents[slot].mode {
    case .loggedOut: state = "logged_out"
    case .ready: state = "ready"
    case .notReady(let mode, let text):
      state = mode == .afterCallWork ? "after_call_work" : "not_ready"
      workMode = mode
      reason = text ?? ""
    }
    var call: ConnID?
    switch agents[slot].engagement {
    case .none:
      if state == "ready", agents[slot].blackout != nil { reason = "left alone" }
    case .reserved(let reservation):
      call = calls[reservation.owner].attributes.connID
      switch reservation.reason {
      case .selected, .diverting: state = "reserved"
      case .ringing: state = "ringing"
      }
    case .talking(let owner):
      call = calls[owner].attributes.connID
      state = "busy"
    }
    return AgentPicture(
      id: agents[slot].plan.id,
      name: agents[slot].plan.name,
      dn: agents[slot].dn.map { dns[Int($0)].dn },
      state: state,
      workMode: workMode,
      reason: reason,
      since: epoch &+ agents[slot].since.nanoseconds,
      call: call
    )
  }

  private func picture(of record: DNRecord) -> DNPicture {
    let kind =
      switch record.kind {
      case .extension: "extension"
      case .queue: "queue"
      case .routingPoint: "routing_point"
      }
    return DNPicture(
      dn: record.dn,
      kind: kind,
      inService: record.isInService,
      agent: record.agent.map { agents[$0].plan.id }
    )
  }

  private func reservation(of slot: AgentSlot) -> ReservationPicture? {
    guard case .reserved(let reservation) = agents[slot].engagement else { return nil }
    return ReservationPicture(
      agent: agents[slot].plan.id,
      owner: calls[reservation.owner].attributes.connID,
      reason: reservation.reason.word,
      expires: reservation.expires.map { epoch &+ $0.nanoseconds }
    )
  }
}
