// Signals from the telephony side. Whatever comes too late or out of place is ignored: the line
// and the engine may cross, and a crossing is nobody's mistake.

extension RoutingEngine {
  mutating func handle(_ signal: consuming LineSignal, _ outbox: inout Outbox) {
    switch consume signal {
    case .offered(let offer): admit(offer, &outbox)
    case .ringing(let call, let attempt):
      if let slot = diverting(call, attempt) { targetRings(slot, &outbox) }
    case .answered(let call, let attempt):
      if let slot = diverting(call, attempt) { targetAnswered(slot, &outbox) }
    case .diverted(let call, let attempt):
      if let slot = diverting(call, attempt) { redirected(slot, &outbox) }
    case .diversionFailed(let call, let attempt, let failure, let status):
      guard let slot = diverting(call, attempt) else { return }
      diversionFailed(slot, failure, status: status, &outbox)
    case .released(let call, _):
      if let slot = calls.slot(of: call) { released(slot, &outbox) }
    case .header(let call, let value): headerArrived(call, value, &outbox)
    case .treatmentApplied(let call, let treatment): treatmentApplied(call, treatment, &outbox)
    case .treatmentEnded(let call, let treatment, let result):
      treatmentEnded(call, treatment, result, &outbox)
    case .treatmentNotApplied(let call, let treatment, let reason):
      treatmentNotApplied(call, treatment, reason, &outbox)
    case .transferred(let consult, let held, let side):
      transferred(consult, into: held, by: side, &outbox)
    case .attached(let call, let pairs): attached(call, pairs, &outbox)
    case .held(let call, let side): announce(.held, call, by: side, &outbox)
    case .retrieved(let call, let side): announce(.retrieved, call, by: side, &outbox)
    case .inService(let dn): setInService(dn, true, &outbox)
    case .outOfService(let dn): setInService(dn, false, &outbox)
    }
  }

  /// The call, if it is being diverted and this is the attempt.
  @inline(__always)
  func diverting(_ call: ConnID, _ attempt: UInt32) -> CallSlot? {
    guard let slot = calls.slot(of: call), case .diverting(let diversion) = calls[slot].state,
      diversion.attempt == attempt
    else { return nil }
    return slot
  }

  mutating func admit(_ offer: consuming CallOffer, _ outbox: inout Outbox) {
    guard calls.slot(of: offer.connID) == nil else {
      emitError("a call with this ConnID is there already", at: offer.dn, &outbox)
      return
    }
    guard !isDraining else {
      outbox.append(.reject(offer.connID, status: 503))
      return
    }
    guard calls.count < plan.limits.callsMax else {
      emitError("callsMax (\(plan.limits.callsMax)) is reached: refused", at: offer.dn, &outbox)
      outbox.append(.reject(offer.connID, status: 503))
      return
    }
    guard
      offer.userData.isEmpty
        || offer.userData.byteCount <= plan.limits.userDataBytesMax
    else {
      emitError("userDataBytesMax is exceeded: refused", at: offer.dn, &outbox)
      outbox.append(.reject(offer.connID, status: 513))
      return
    }
    if offer.dn != lastEntrance.dn, let index = dnIndex[offer.dn] {
      lastEntrance = (offer.dn, index)
    }
    guard offer.dn == lastEntrance.dn, case let index = lastEntrance.index, index >= 0 else {
      outbox.append(.reject(offer.connID, status: 404))
      return
    }
    switch dns[Int(index)].kind {
    case .extension:
      let call = insert(offer, at: .direct(index), &outbox)
      callDirectly(call, index, &outbox)
    case .queue(let queue):
      guard !queues[Int(queue)].isVirtual else {
        outbox.append(.reject(offer.connID, status: 404))
        return
      }
      enterQueue(insert(offer, at: .queue(queue), &outbox), queue, &outbox)
    case .routingPoint(let point):
      enterRoutingPoint(insert(offer, at: .routingPoint(point), &outbox), point, &outbox)
    }
  }

  private mutating func insert(
    _ offer: CallOffer,
    at device: Device,
    _ outbox: inout Outbox
  ) -> CallSlot {
    lastCallID &+= 1
    let attributes = CallAttributes(
      connID: offer.connID,
      uuid: offer.uuid
        ?? CallUUID(high: uuidHigh, middle: uuidMiddle, low: UInt64(lastCallID)),
      callID: lastCallID,
      type: offer.type,
      ani: offer.ani,
      dnis: offer.dnis
    )
    let slot = calls.insert(attributes, at: device, entered: now)
    if !offer.userData.isEmpty { calls[slot].userData = offer.userData }
    if let held = offer.consultOf {
      calls[slot].consultOf = held
      recordConsult(offer.connID, of: held, at: offer.dn)
    }
    switch calls[slot].attributes.type {
    case .internal: beginOrigin(of: slot, &outbox)
    case .consult:
      beginOrigin(of: slot, &outbox)
      takeOverCaller(slot, by: offer.consultBy)
    case .unknown, .inbound, .outbound: break
    }
    recordEntrance(of: slot, at: offer.dn)
    return slot
  }

  private mutating func enterRoutingPoint(
    _ call: CallSlot,
    _ index: Int32,
    _ outbox: inout Outbox
  ) {
    lastTicket += 1
    let deadline = now.advanced(by: routingPoints[Int(index)].patience)
    calls[call].beginConsulting(
      ticket: lastTicket,
      generation: generations.enter(),
      at: index,
      timer: timers.arm(.routingPoint(call), at: deadline)
    )
    emitQueued(call, &outbox)
    emitRouteRequest(call, &outbox)
    if decisions.isKept {
      let strategy = routingPoints[Int(index)].plan.strategy
      record(.started(strategy, generation: strategyFingerprint), of: call)
    }
    if outbox.startsAtOnce, outbox.starting < 0, outbox.strategyCommands.isEmpty {
      outbox.starting = call.index
    } else {
      outbox.append(.start(strategyName(of: call), facts(of: call)))
    }
  }

  @usableFromInline
  func facts(of call: CallSlot) -> CallFacts {
    CallFacts(
      calls[call].attributes,
      at: deviceDN(calls[call].device),
      entered: epoch &+ calls[call].entered.nanoseconds,
      context(of: call),
      calls[call].userData
    )
  }

  @inline(__always)
  func context(of call: CallSlot) -> ResumeContext {
    ResumeContext(now: unixTime, attempts: calls[call].attempts)
  }

  /// Someone hung up.
  ///
  /// Nobody is punished for it: an agent who was rung stays as he is (DOMAIN 2.2).
  mutating func released(_ call: CallSlot, _ outbox: inout Outbox) {
    var rung: AgentSlot?
    var talked: AgentSlot?
    switch calls[call].state {
    case .consulting, .selecting, .treating, .pausing, .readingHeader, .queued:
      emitAbandonedAtDevice(call, &outbox)
      record(.ended(.abandoned), of: call)
    case .diverting(let diversion):
      record(.ended(.abandoned), of: call)
      rung = diversion.agent
      if diversion.isRinging { emitParty(.abandoned, call, at: diversion.way, &outbox) }
      if !diversion.isAnnounced { emitAbandonedAtDevice(call, &outbox) }
    case .established(let conversation):
      record(.ended(.released), of: call)
      talked = conversation.agent
      emitParty(.released, call, at: conversation.way, &outbox)
      learn(from: conversation, of: call)
    }
    let wrapUp = wrapUp(after: call)
    emitOriginEnd(of: call, .released, .ok, &outbox)
    if fault == .forgetsReservation, case .diverting(var diversion) = calls[call].state {
      diversion.agent = nil
      calls[call].state = .diverting(diversion)
      rung = nil
    }
    let consult = calls[call].consult
    end(call, &outbox)
    if let rung { callIsOver(for: rung, &outbox) }
    if let talked {
      if consult != nil { goOnWithConsult(consult, talked) }
      conversationEnded(of: talked, wrapUp: wrapUp, &outbox)
    }
  }

  /// How long calls take is what expected waits are made of.
  private mutating func learn(from conversation: Conversation, of call: CallSlot) {
    guard case .queue(let index) = calls[call].device else { return }
    let wrapUp = conversation.agent == nil ? Duration.zero : wrapUp(after: call)
    queues[Int(index)].handlingTime.add((now - conversation.since) + wrapUp)
  }

  /// The after-call work that a call brings: the agent's own, else its queue's.
  @inline(__always)
  func wrapUp(after call: CallSlot) -> Duration {
    if case .established(let conversation) = calls[call].state, let agent = conversation.agent,
      let own = agents.plans[Int(agent.index)].wrapUp
    {
      return own
    }
    switch calls[call].device {
    case .queue(let index): return queues[Int(index)].plan.wrapUp
    case .routingPoint, .direct: return .zero
    }
  }

  /// A side of an answered call did something that changes nothing for the engine: it is announced
  /// at that side's DN, if that is one of ours.
  private mutating func announce(
    _ kind: EventKind,
    _ connID: ConnID,
    by side: CallSide,
    _ outbox: inout Outbox
  ) {
    guard let call = calls.slot(of: connID), case .established(let talk) = calls[call].state else {
      return
    }
    switch side {
    case .target: emitParty(kind, call, at: talk.way, &outbox)
    case .caller:
      guard calls[call].origin >= 0, wants(.others, outbox) else { return }
      emit(originEvent(kind, call), &outbox)
    }
  }

  private mutating func emitAbandonedAtDevice(_ call: CallSlot, _ outbox: inout Outbox) {
    if case .direct = calls[call].device { return }
    if wants(.others, count: 1 + calls[call].otherQueues.count, outbox) {
      var event = deviceEvent(.abandoned, call)
      event.callState = .ok
      emit(event, &outbox)
      for queue in calls[call].otherQueues {
        let dn = queues[Int(queue)].plan.dn
        event.thisDN = dn
        event.thisQueue = dn
        emit(event, &outbox)
      }
    }
    leaveVirtualQueue(call, .abandoned, &outbox)
  }

  /// A call that cannot go on is refused; the caller hears this status.
  mutating func refuse(
    _ call: CallSlot,
    status: UInt16,
    _ state: CallStateCode,
    _ outbox: inout Outbox
  ) {
    switch calls[call].device {
    case .direct: break
    case .routingPoint:
      reject(call, status, &outbox)
      return
    case .queue:
      var event = deviceEvent(.released, call)
      event.callState = state
      emit(event, &outbox)
      for queue in calls[call].otherQueues {
        event.thisDN = queues[Int(queue)].plan.dn
        event.thisQueue = event.thisDN
        emit(event, &outbox)
      }
    }
    record(.ended(.refused(status)), of: call)
    let kind: EventKind = status == 486 ? .destinationBusy : .released
    emitOriginEnd(of: call, kind, state, &outbox)
    outbox.append(.reject(calls[call].attributes.connID, status: status))
    end(call, &outbox)
  }

  /// Takes a call out of every structure; after this only its agents may need attention.
  mutating func end(_ call: CallSlot, _ outbox: inout Outbox) {
    if calls[call].virtualQueue >= 0 { leaveVirtualQueue(call, .cleared, &outbox) }
    if calls[call].entry >= 0 { leaveLines(call) }
    switch calls[call].state {
    case .diverting(let diversion):
      timers.disarm(diversion.timer)
      if let agent = diversion.agent, owns(call, agent) { engage(agent, in: .none) }
    case .established(let conversation):
      if let agent = conversation.agent { engage(agent, in: .none) }
    case .consulting, .selecting, .treating, .pausing, .readingHeader, .queued: break
    }
    if case .strategy = calls[call].decider {
      outbox.append(.cancel(calls[call].attributes.connID))
    }
    if calls[call].generation >= 0 { leaveGeneration(call) }
    timers.disarm(calls[call].routingPointTimer)
    timers.disarm(calls[call].waitTimer)
    if !calls[call].targets.isEmpty { dropTargets(of: call) }
    if !calls[call].placeKeys.isEmpty { placesBegin(of: call) }
    let origin = calls[call].originAgent
    if let origin { engage(origin, in: .none) }
    let selected = calls[call].selectedAgent
    if let selected { timers.disarm(freeReservation(of: selected)) }
    let collected = calls[call].collectedAgent
    if let collected { timers.disarm(freeReservation(of: collected)) }
    calls.remove(call)
    if let selected { updateAvailability(of: selected, &outbox) }
    if let collected { updateAvailability(of: collected, &outbox) }
    if let origin { callIsOver(for: origin, &outbox) }
  }

  @inline(__always)
  private func owns(_ call: CallSlot, _ agent: AgentSlot) -> Bool {
    guard case .reserved(let reservation) = agents[agent].engagement else { return false }
    return reservation.owner == call
  }

  /// Takes an agent's reservation away and hands back its timer.
  mutating func freeReservation(of agent: AgentSlot) -> TimerID? {
    guard case .reserved(let reservation) = agents[agent].engagement else { return nil }
    engage(agent, in: .none)
    return reservation.timer
  }

  mutating func setInService(_ dn: DN, _ inService: Bool, _ outbox: inout Outbox) {
    guard let index = dnIndex[dn], dns[Int(index)].kind == .extension,
      dns[Int(index)].isInService != inService
    else { return }
    dns[Int(index)].isInService = inService
    if let agent = dns[Int(index)].agent { noteStanding(of: agent) }
    emit(Event(inService ? .dnBackInService : .dnOutOfService, thisDN: dn), &outbox)
    if let agent = dns[Int(index)].agent {
      if !inService, plan.logsOutOnOutOfService, deliveryDN(of: agent) == nil {
        logOut(agent, &outbox)
      } else {
        refreshAvailability(of: agent, &outbox)
      }
    }
    if inService { logInAutomatically(at: index, &outbox) }
    if inService { offerDN(index, &outbox) }
  }
}
