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
    for index in agents.indices {
      snapshot.agents.append(picture(of: AgentSlot(index: index), at: now))
    }
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
    case .diverting(let diversion): target = number(of: diversion.way, of: call).number
    case .established(let conversation): target = number(of: conversation.way, of: call).number
    case .consulting, .selecting, .treating, .pausing, .readingHeader, .queued: break
    }
    var strategy = ""
    if case .routingPoint(let index) = calls[call].device {
      strategy = routingPoints[Int(index)].plan.strategy.text
    }
    let marks = strategyExtensions(of: call) ?? []
    var picture = CallPicture(
      attributes: calls[call].attributes,
      state: calls[call].state.word,
      at: deviceDN(calls[call].device),
      target: target,
      strategy: strategy,
      entered: epoch &+ calls[call].entered.nanoseconds,
      attempts: calls[call].attempts,
      notes: calls[call].notes
    )
    picture.generation = marks.first { $0.key == "GENERATION" }?.value ?? ""
    return picture
  }

  private func picture(ofQueue index: Int, at now: Instant) -> QueuePicture {
    var present: [ConnID] = []
    var entry = queues[index].line.front
    while entry >= 0 {
      present.append(calls[waiting.entries[entry].call].attributes.connID)
      entry = waiting.entries[entry].next
    }
    let front = queues[index].line.front
    let oldest =
      front < 0 ? .zero : now - calls[waiting.entries[front].call].waitingSince
    var loggedIn = 0
    var available = 0
    if !queues[index].isVirtual {
      for slot in agents.indices {
        let agent = AgentSlot(index: slot)
        guard agents[agent].dn >= 0, agents.belongs(agent, to: queues[index].bit)
        else { continue }
        loggedIn += 1
        if agents[agent].isAvailable { available += 1 }
      }
    }
    var picture = QueuePicture(
      dn: queues[index].plan.dn,
      name: queues[index].plan.name,
      waiting: present,
      oldestWait: UInt64(oldest.nanosecondsClamped),
      agentsLoggedIn: loggedIn,
      agentsAvailable: available
    )
    picture.isVirtual = queues[index].isVirtual
    return picture
  }

  private func picture(of slot: AgentSlot, at now: Instant) -> AgentPicture {
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
      call = calls.connID(at: reservation.owner)
      switch reservation.reason {
      case .collecting, .selected, .diverting: state = "reserved"
      case .ringing: state = "ringing"
      }
    case .talking(let owner):
      call = calls.connID(at: owner)
      state = "busy"
    }
    let dn = agents[slot].dn
    var picture = AgentPicture(
      id: agents.id(of: slot),
      name: agents.plan(of: slot).name,
      dn: dn < 0 ? nil : dns[Int(deliveryDN(of: slot) ?? dn)].dn,
      state: state,
      workMode: workMode,
      reason: reason,
      since: epoch &+ agents[slot].since.nanoseconds,
      call: call
    )
    picture.callsTaken = agents[slot].callsTaken
    guard dn >= 0 else { return picture }
    picture.occupancy = agents[slot].occupancy(at: now)
    if agents[slot].place >= 0 { picture.place = plan.places[Int(agents[slot].place)].name }
    for index in queues.indices
    where !queues[index].isVirtual && agents.isSigned(slot, to: Int32(index)) {
      picture.queues.append(queues[index].plan.dn)
    }
    switch agents[slot].pending {
    case .notReady: picture.pending = "not_ready"
    case .ready: picture.pending = "ready"
    case .loggedOut, nil: break
    }
    return picture
  }

  private func picture(of record: DNRecord) -> DNPicture {
    let kind =
      switch record.kind {
      case .extension: "extension"
      case .queue(let index): queues[Int(index)].isVirtual ? "virtual_queue" : "queue"
      case .routingPoint: "routing_point"
      }
    return DNPicture(
      dn: record.dn,
      kind: kind,
      inService: record.isInService,
      agent: record.agent.map { agents.id(of: $0) }
    )
  }

  private func reservation(of slot: AgentSlot) -> ReservationPicture? {
    guard case .reserved(let reservation) = agents[slot].engagement else { return nil }
    return ReservationPicture(
      agent: agents.id(of: slot),
      owner: calls.connID(at: reservation.owner),
      reason: reservation.reason.word,
      expires: reservation.expires.map { epoch &+ $0.nanoseconds }
    )
  }
}
