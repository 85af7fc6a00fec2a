// How events are made: which attributes each carries is DOMAIN 1.5 and 2.

extension RoutingEngine {
  /// Announces an event to whoever wants it; the part that it belongs to is said where the event
  /// alone does not tell.
  mutating func emit(
    _ event: consuming Event,
    as interest: EventInterest? = nil,
    _ outbox: inout Outbox
  ) {
    sequence += 1
    guard outbox.interest.contains(interest ?? event.interest) else { return }
    event.sequence = sequence
    event.time = unixTime
    outbox.append(event)
  }

  /// Whether an event is wanted; one that is not is counted here, and need not be made.
  mutating func wants(
    _ interest: EventInterest,
    count: Int = 1,
    _ outbox: borrowing Outbox
  ) -> Bool {
    if outbox.interest.contains(interest) { return true }
    sequence += UInt64(count)
    return false
  }

  /// The present moment in nanoseconds since the Unix epoch.
  var unixTime: UInt64 { epoch &+ now.nanoseconds }

  @inline(__always)
  func deviceDN(_ device: Device) -> DN {
    switch device {
    case .routingPoint(let index): routingPoints[Int(index)].plan.dn
    case .queue(let index): queues[Int(index)].plan.dn
    case .direct(let index): dns[Int(index)].dn
    }
  }

  /// An event of a call at the routing point or queue that it is at: ThisDN is ThisQueue.
  func deviceEvent(_ kind: EventKind, _ call: CallSlot) -> Event {
    event(kind, call, atDevice: deviceDN(calls[call].device))
  }

  /// The same at another queue in which the call waits.
  func event(_ kind: EventKind, _ call: CallSlot, atDevice dn: DN) -> Event {
    Event(kind, thisDN: dn).with {
      $0.call = calls[call].attributes
      $0.thisQueue = dn
      $0.thisDNRole = .destination
      addCaller(of: call, to: &$0)
    }
  }

  /// An event of a call at the DN that it was diverted to: ThisQueue is where it came from.
  func partyEvent(_ kind: EventKind, _ call: CallSlot, at dn: DN) -> Event {
    Event(kind, thisDN: dn).with {
      $0.call = calls[call].attributes
      switch calls[call].device {
      case .routingPoint, .queue: $0.thisQueue = deviceDN(calls[call].device)
      case .direct: break
      }
      $0.thisDNRole = .destination
      $0.callState = .ok
      switch calls[call].state {
      case .diverting(let diversion): $0.agentID = diversion.agent.map { agents.id(of: $0) }
      case .established(let talk): $0.agentID = talk.agent.map { agents.id(of: $0) }
      case .consulting, .selecting, .treating, .pausing, .readingHeader, .queued: break
      }
      addCaller(of: call, to: &$0)
    }
  }

  /// An event at the DN of ours that makes the call (DOMAIN 2.1: an internal A).
  func originEvent(_ kind: EventKind, _ call: CallSlot) -> Event {
    var event = Event(kind, thisDN: dns[Int(calls[call].origin)].dn)
    event.call = calls[call].attributes
    event.thisDNRole = .origination
    event.callState = .ok
    let other = calls[call].attributes.dnis
    event.otherDN = other.isEmpty ? deviceDN(calls[call].device) : DN(other)
    event.otherDNRole = .destination
    return event
  }

  /// An event where the call is seen now: at the DN that rings or talks, else at its device.
  func callEvent(_ kind: EventKind, _ call: CallSlot) -> Event {
    switch calls[call].state {
    case .diverting(let diversion):
      if diversion.isRinging, diversion.way.isLocal {
        return partyEvent(kind, call, at: dns[Int(diversion.way.dn)].dn)
      }
    case .established(let conversation):
      if conversation.way.isLocal {
        return partyEvent(kind, call, at: dns[Int(conversation.way.dn)].dn)
      }
    case .consulting, .selecting, .treating, .pausing, .readingHeader, .queued: break
    }
    if case .direct(let index) = calls[call].device {
      return partyEvent(kind, call, at: dns[Int(index)].dn)
    }
    return deviceEvent(kind, call)
  }

  private func addCaller(of call: CallSlot, to event: inout Event) {
    if let consult = calls[call].consultOf { event.previousConnID = consult }
    guard !calls[call].attributes.ani.isEmpty else { return }
    event.otherDN = DN(calls[call].attributes.ani)
    event.otherDNRole = .origination
  }

  /// EventQueued at the call's device, and at every other queue in which it waits.
  mutating func emitQueued(_ call: CallSlot, _ outbox: inout Outbox) {
    var interest = EventInterest.queues
    if case .routingPoint = calls[call].device { interest = .others }
    guard wants(interest, count: 1 + calls[call].otherQueues.count, outbox) else { return }
    let queued = deviceEvent(.queued, call).with {
      if !calls[call].userData.isEmpty { $0.userData = calls[call].userData }
    }
    emitEverywhere(queued, call, as: interest, &outbox)
  }

  /// Announces an event of a call at its device, and at every other queue in which it waits.
  private mutating func emitEverywhere(
    _ event: consuming Event,
    _ call: CallSlot,
    as interest: EventInterest? = nil,
    _ outbox: inout Outbox
  ) {
    if calls[call].otherQueues.isEmpty { return emit(event, as: interest, &outbox) }
    emit(copy event, as: interest, &outbox)
    for queue in calls[call].otherQueues {
      let dn = queues[Int(queue)].plan.dn
      event.thisDN = dn
      event.thisQueue = dn
      emit(copy event, as: interest, &outbox)
    }
  }

  mutating func emitRouteRequest(_ call: CallSlot, _ outbox: inout Outbox) {
    guard wants(.others, outbox) else { return }
    let request = deviceEvent(.routeRequest, call).with {
      $0.server = plan.name
      $0.extensions = strategyExtensions(of: call)
      if !calls[call].userData.isEmpty { $0.userData = calls[call].userData }
    }
    emit(request, &outbox)
  }

  /// `EventRouteUsed`: also announces default routes and refusals (DOMAIN 2.5, 8.2).
  mutating func emitRouteUsed(_ call: CallSlot, to: DN?, rejecting: Bool, _ outbox: inout Outbox) {
    switch calls[call].decider {
    case .defaults, .overflow: break
    case .nobody, .strategy, .anybody, .target:
      lastReference &+= 1
      guard wants(.others, outbox) else { return }
    }
    let used = deviceEvent(.routeUsed, call).with {
      $0.server = plan.name
      $0.thirdPartyDN = to
      $0.thirdPartyDNRole = to == nil ? nil : .destination
      $0.extensions = strategyExtensions(of: call)
      switch calls[call].decider {
      case .defaults(let reason, _, _):
        $0.routeType = .default
        $0.reasons = reason.reasons
      case .overflow:
        $0.routeType = .default
        $0.reasons = [KeyValue("DEFAULT", "no_answer")]
      case .nobody, .strategy, .anybody, .target:
        $0.routeType = .direct
        $0.referenceID = lastReference
      }
      if rejecting { $0.routeType = .reject }
    }
    emit(used, &outbox)
  }

  /// `EventDiverted`: the call left its device; ANI is not among its attributes (DOMAIN 1.5).
  mutating func emitDiverted(
    _ call: CallSlot,
    to: DN,
    state: CallStateCode = .ok,
    _ outbox: inout Outbox
  ) {
    guard wants(.others, count: 1 + calls[call].otherQueues.count, outbox) else { return }
    let diverted = deviceEvent(.diverted, call).with {
      $0.call?.ani = ""
      $0.callState = state
      $0.thirdPartyDN = to
      $0.thirdPartyDNRole = .destination
    }
    emitEverywhere(diverted, call, &outbox)
  }

  /// Counts `EventRouteUsed` and `EventDiverted` of a call that leaves its routing point to where
  /// it was sent, as those do who make them; false: it is another case.
  mutating func countsDeparture(of call: CallSlot) -> Bool {
    guard case .routingPoint = calls[call].device else { return false }
    switch calls[call].decider {
    case .defaults, .overflow: return false
    case .nobody, .strategy, .anybody, .target: break
    }
    lastReference &+= 1
    sequence += UInt64(2 + calls[call].otherQueues.count)
    return true
  }

  mutating func emitError(
    _ message: String,
    at dn: DN,
    reference: UInt32? = nil,
    agent: AgentID? = nil,
    _ outbox: inout Outbox
  ) {
    var event = Event(.error, thisDN: dn)
    event.errorMessage = message
    event.referenceID = reference
    event.agentID = agent
    emit(event, &outbox)
  }
}

extension RoutingEngine {
  /// The number that events show for where a call is sent.
  @inline(__always)
  func number(of way: Way, of call: CallSlot) -> DN {
    way.isLocal ? dns[Int(way.dn)].dn : DN(calls[call].trunk?.number ?? "")
  }

  /// Where a call is sent, as the line side is told.
  @inline(__always)
  func destination(_ way: Way, of call: CallSlot) -> Destination {
    guard !way.isLocal else { return .dn(dns[Int(way.dn)].dn) }
    let trunk = calls[call].trunk
    return .trunk(name: trunk?.name ?? "", number: trunk?.number ?? "")
  }

  /// An event at the DN that a call was sent to; behind a trunk there is none.
  mutating func emitParty(
    _ kind: EventKind,
    _ call: CallSlot,
    at way: Way,
    _ outbox: inout Outbox
  ) {
    guard way.isLocal, wants(.others, outbox) else { return }
    emit(partyEvent(kind, call, at: dns[Int(way.dn)].dn), &outbox)
  }
}

extension ConnID {
  /// Sixteen lower-case hexadecimal digits, as events and logs print it (DOMAIN 1.3).
  var hexDigits: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
