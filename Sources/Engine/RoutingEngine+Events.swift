// How events are made: which attributes each carries is DOMAIN 1.5 and 2.

extension RoutingEngine {
  mutating func emit(_ event: consuming Event, _ outbox: inout Outbox) {
    sequence += 1
    event.sequence = sequence
    event.time = unixTime
    outbox.append(event)
  }

  /// The present moment in nanoseconds since the Unix epoch.
  var unixTime: UInt64 { epoch &+ now.nanoseconds }

  func deviceDN(_ device: Device) -> DN {
    switch device {
    case .routingPoint(let index): routingPoints[Int(index)].plan.dn
    case .queue(let index): queues[Int(index)].plan.dn
    }
  }

  /// An event of a call at the routing point or queue that it is at: ThisDN is ThisQueue.
  func deviceEvent(_ kind: EventKind, _ call: CallSlot) -> Event {
    let dn = deviceDN(calls[call].device)
    var event = Event(kind, thisDN: dn)
    event.call = calls[call].attributes
    event.thisQueue = dn
    event.thisDNRole = .destination
    addCaller(of: call, to: &event)
    return event
  }

  /// An event of a call at the DN that it was diverted to: ThisQueue is where it came from.
  func partyEvent(_ kind: EventKind, _ call: CallSlot, at dn: DN) -> Event {
    var event = Event(kind, thisDN: dn)
    event.call = calls[call].attributes
    event.thisQueue = deviceDN(calls[call].device)
    event.thisDNRole = .destination
    event.callState = .ok
    addCaller(of: call, to: &event)
    return event
  }

  private func addCaller(of call: CallSlot, to event: inout Event) {
    guard !calls[call].attributes.ani.isEmpty else { return }
    event.otherDN = DN(calls[call].attributes.ani)
    event.otherDNRole = .origination
  }

  mutating func emitQueued(_ call: CallSlot, _ outbox: inout Outbox) {
    var event = deviceEvent(.queued, call)
    if !calls[call].userData.isEmpty { event.userData = calls[call].userData }
    emit(event, &outbox)
  }

  mutating func emitRouteRequest(_ call: CallSlot, _ outbox: inout Outbox) {
    var event = deviceEvent(.routeRequest, call)
    event.server = plan.name
    if !calls[call].userData.isEmpty { event.userData = calls[call].userData }
    emit(event, &outbox)
  }

  /// `EventRouteUsed`: also announces default routes and refusals (DOMAIN 2.5, 8.2).
  mutating func emitRouteUsed(_ call: CallSlot, to: DN?, rejecting: Bool, _ outbox: inout Outbox) {
    var event = deviceEvent(.routeUsed, call)
    event.server = plan.name
    event.thirdPartyDN = to
    event.thirdPartyDNRole = to == nil ? nil : .destination
    event.extensions = calls[call].strategyExtensions
    if case .defaults(let reason, _) = calls[call].decider {
      event.routeType = .default
      event.reasons = reason.reasons
    } else {
      lastReference &+= 1
      event.routeType = .direct
      event.referenceID = lastReference
    }
    if rejecting { event.routeType = .reject }
    emit(event, &outbox)
  }

  /// `EventDiverted`: the call left its device; ANI is not among its attributes (DOMAIN 1.5).
  mutating func emitDiverted(_ call: CallSlot, to: DN, _ outbox: inout Outbox) {
    var event = deviceEvent(.diverted, call)
    event.call?.ani = ""
    event.callState = .ok
    event.thirdPartyDN = to
    event.thirdPartyDNRole = .destination
    emit(event, &outbox)
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

extension Destination {
  /// The number that events show for it.
  var dn: DN {
    switch self {
    case .dn(let dn): dn
    case .trunk(_, let number): DN(number)
    }
  }

  /// Whether it is a DN of ours, so that it has events of its own.
  var isLocal: Bool {
    switch self {
    case .dn: true
    case .trunk: false
    }
  }
}
