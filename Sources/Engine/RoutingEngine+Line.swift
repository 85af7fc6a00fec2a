// Signals from the telephony side. Whatever comes too late or out of place is ignored: the line
// and the engine may cross, and a crossing is nobody's mistake.

extension RoutingEngine {
  mutating func handle(_ signal: LineSignal, _ outbox: inout Outbox) {
    switch signal {
    case .offered(let offer): admit(offer, &outbox)
    case .ringing(let call, let attempt):
      if let slot = diverting(call, attempt) { targetRings(slot, &outbox) }
    case .answered(let call, let attempt):
      if let slot = diverting(call, attempt) { targetAnswered(slot, &outbox) }
    case .diverted(let call, let attempt):
      if let slot = diverting(call, attempt) { redirected(slot, &outbox) }
    case .diversionFailed(let call, let attempt, let failure):
      if let slot = diverting(call, attempt) { diversionFailed(slot, failure, &outbox) }
    case .released(let call, _):
      if let slot = calls.slot(of: call) { released(slot, &outbox) }
    case .header(let call, let value): headerArrived(call, value, &outbox)
    case .treatmentApplied, .treatmentEnded, .treatmentNotApplied, .transferred, .attached: break
    case .inService(let dn): setInService(dn, true, &outbox)
    case .outOfService(let dn): setInService(dn, false, &outbox)
    }
  }

  /// The call, if it is being diverted and this is the attempt.
  private func diverting(_ call: ConnID, _ attempt: UInt32) -> CallSlot? {
    guard let slot = calls.slot(of: call), case .diverting(let diversion) = calls[slot].state,
      diversion.attempt == attempt
    else { return nil }
    return slot
  }

  private mutating func admit(_ offer: CallOffer, _ outbox: inout Outbox) {
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
    guard offer.userData.byteCount <= plan.limits.userDataBytesMax else {
      emitError("userDataBytesMax is exceeded: refused", at: offer.dn, &outbox)
      outbox.append(.reject(offer.connID, status: 513))
      return
    }
    guard let index = dnIndex[offer.dn] else {
      outbox.append(.reject(offer.connID, status: 404))
      return
    }
    switch dns[Int(index)].kind {
    case .extension: outbox.append(.reject(offer.connID, status: 480))
    case .queue(let queue): enterQueue(insert(offer, at: .queue(queue)), queue, &outbox)
    case .routingPoint(let point):
      enterRoutingPoint(insert(offer, at: .routingPoint(point)), point, &outbox)
    }
  }

  private mutating func insert(_ offer: CallOffer, at device: Device) -> CallSlot {
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
    var call = Call(attributes, at: device, entered: now)
    call.userData = offer.userData
    return calls.insert(call)
  }

  private mutating func enterRoutingPoint(
    _ call: CallSlot,
    _ index: Int32,
    _ outbox: inout Outbox
  ) {
    lastTicket += 1
    calls[call].ticket = lastTicket
    emitQueued(call, &outbox)
    emitRouteRequest(call, &outbox)
    let point = routingPoints[Int(index)].plan
    calls[call].routingPointTimer = timers.arm(.routingPoint(call), at: now + point.timeout)
    calls[call].decider = .strategy
    calls[call].state = .consulting
    calls[call].strategyExtensions = routingPoints[Int(index)].extensions
    outbox.append(.start(point.strategy, facts(of: call, at: point.dn)))
  }

  private func facts(of call: CallSlot, at dn: DN) -> CallFacts {
    let attributes = calls[call].attributes
    var facts = CallFacts(
      connID: attributes.connID,
      uuid: attributes.uuid,
      ani: attributes.ani,
      dnis: attributes.dnis,
      routingPoint: dn
    )
    facts.entered = epoch &+ calls[call].entered.nanoseconds
    facts.context = context(of: call)
    facts.userData = calls[call].userData
    return facts
  }

  func context(of call: CallSlot) -> ResumeContext {
    ResumeContext(now: unixTime, attempts: calls[call].attempts)
  }

  /// Someone hung up.
  ///
  /// Nobody is punished for it: an agent who was rung stays as he is (DOMAIN 2.2).
  private mutating func released(_ call: CallSlot, _ outbox: inout Outbox) {
    let state = calls[call].state
    switch state {
    case .consulting, .selecting, .pausing, .readingHeader, .queued:
      emitAbandonedAtDevice(call, &outbox)
    case .diverting(let diversion):
      if diversion.isAnnounced {
        if diversion.destination.isLocal {
          emit(partyEvent(.abandoned, call, at: diversion.destination.dn), &outbox)
        }
      } else {
        emitAbandonedAtDevice(call, &outbox)
      }
    case .established(let conversation):
      if conversation.destination.isLocal {
        emit(partyEvent(.released, call, at: conversation.destination.dn), &outbox)
      }
    }
    let wrapUp = wrapUp(after: call)
    end(call, &outbox)
    if case .established(let conversation) = state, let agent = conversation.agent {
      conversationEnded(of: agent, wrapUp: wrapUp, &outbox)
    } else if case .diverting(let diversion) = state, let agent = diversion.agent {
      updateAvailability(of: agent, &outbox)
    }
  }

  private func wrapUp(after call: CallSlot) -> Duration {
    switch calls[call].device {
    case .queue(let index): queues[Int(index)].plan.wrapUp
    case .routingPoint: .zero
    }
  }

  private mutating func emitAbandonedAtDevice(_ call: CallSlot, _ outbox: inout Outbox) {
    var event = deviceEvent(.abandoned, call)
    event.callState = .ok
    emit(event, &outbox)
  }

  /// Takes a call out of every structure; after this only its agent may need attention.
  mutating func end(_ call: CallSlot, _ outbox: inout Outbox) {
    switch calls[call].state {
    case .selecting: selectors.leave(call, in: &calls)
    case .queued:
      if case .queue(let index) = calls[call].device {
        queues[Int(index)].line.leave(call, in: &calls)
      }
    case .diverting(let diversion):
      timers.disarm(diversion.timer)
      if let agent = diversion.agent { engage(agent, in: .none) }
    case .established(let conversation):
      if let agent = conversation.agent { engage(agent, in: .none) }
    case .consulting, .pausing, .readingHeader: break
    }
    if case .strategy = calls[call].decider {
      outbox.append(.cancel(calls[call].attributes.connID))
    }
    timers.disarm(calls[call].routingPointTimer)
    timers.disarm(calls[call].waitTimer)
    let selected = calls[call].selectedAgent
    if let selected { timers.disarm(freeReservation(of: selected)) }
    calls.remove(call)
    if let selected { updateAvailability(of: selected, &outbox) }
  }

  /// Takes an agent's reservation away and hands back its timer.
  mutating func freeReservation(of agent: AgentSlot) -> TimerID? {
    guard case .reserved(let reservation) = agents[agent].engagement else { return nil }
    engage(agent, in: .none)
    return reservation.timer
  }

  private mutating func setInService(_ dn: DN, _ inService: Bool, _ outbox: inout Outbox) {
    guard let index = dnIndex[dn], dns[Int(index)].kind == .extension,
      dns[Int(index)].isInService != inService
    else { return }
    dns[Int(index)].isInService = inService
    emit(Event(inService ? .dnBackInService : .dnOutOfService, thisDN: dn), &outbox)
    if let agent = dns[Int(index)].agent { updateAvailability(of: agent, &outbox) }
    if inService { logInAutomatically(at: index, &outbox) }
    if inService { offerDN(index, &outbox) }
  }
}
