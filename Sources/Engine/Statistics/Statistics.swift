// Statistics as a fold of events: whoever has the events has the figures, and nothing is counted
// apart (PEERS B34, ADR 0012).
//
// Invariant, per device: entered = distributed + abandoned + cleared + refused + present. A call
// that comes back from a phone that was not answered is announced again and so enters again
// (`returned` says how often); a call in several queues enters each of them.
// Source: DOMAIN 5. Times are nanoseconds, shares are per mille.

/// The figures of a site, folded from its events.
public struct Statistics: Sendable, Codable {
  /// Within how long an answer counts for the service factor (T1).
  public let answerThreshold: Duration
  /// Calls that are abandoned within this are left out of the service factor (T2).
  public let abandonThreshold: Duration
  /// Routing points, queues and virtual queues, in the order in which events mentioned them.
  public private(set) var devices: [DeviceFigures] = []
  /// Agents, in the order in which events mentioned them.
  public private(set) var agents: [AgentFigures] = []
  /// Strategies, in the order in which events mentioned them.
  public private(set) var strategies: [StrategyFigures] = []
  /// The time of the last event: nanoseconds since the Unix epoch.
  public private(set) var time: UInt64 = 0
  /// The sequence number of the last event.
  public private(set) var lastSequence: UInt64 = 0

  private var deviceIndex = DNTable()
  private var agentIndex = Lookup<AgentID, Int>()
  private var strategyIndex = Lookup<String, Int>()
  /// Since when a call is at a device.
  private var present = Lookup<Stay, UInt64>()
  /// The leg that rings or talks, by call.
  private var legs = Lookup<ConnID, Leg>()
  /// The call that left its devices last, and since when it had been there: with divert on ringing
  /// the ringing follows at once.
  private var lastLeft: [Departure] = []
  /// The call whose leg came to nothing last: if it comes back, it does so at once.
  private var lastFailed: Failure?

  private struct Stay: Hashable, Sendable, Codable, Comparable {
    var call: ConnID
    var dn: DN

    /// A call is at few devices.
    func hash(into hasher: inout Hasher) { hasher.combine(call) }

    func _rawHashValue(seed: Int) -> Int { call._rawHashValue(seed: seed) }

    static func < (left: Stay, right: Stay) -> Bool {
      left.call != right.call ? left.call < right.call : left.dn < right.dn
    }
  }

  private struct Failure: Sendable, Codable {
    var call: ConnID
    var device: Int?
  }

  private struct Departure: Sendable, Codable {
    var call: ConnID
    var device: Int
    var entered: UInt64
  }

  private struct Leg: Sendable, Codable {
    var device: Int?
    var agent: Int?
    var entered: UInt64
    var since: UInt64
    var isTalking = false
  }

  /// Makes an empty fold; thresholds have no safe default (DOMAIN 5).
  public init(answeredWithin: Duration, abandonedWithin: Duration) {
    answerThreshold = answeredWithin
    abandonThreshold = abandonedWithin
  }

  /// Takes one event into account; events must come in order, without gaps.
  public mutating func fold(_ event: borrowing Event) {
    time = event.time
    lastSequence = event.sequence
    switch event.kind {
    case .queued: entered(event)
    case .diverted: left(event)
    case .abandoned: abandoned(event)
    case .released: released(event)
    case .routeUsed: routed(event)
    case .ringing: ringing(event)
    case .established: established(event)
    case .partyChanged: renamed(event)
    case .agentLogin, .agentLogout, .agentReady, .agentNotReady: agentChanged(event)
    case .error, .registered, .unregistered, .dialing, .destinationBusy, .routeRequest, .held,
      .retrieved, .attachedDataChanged, .userEvent, .treatmentApplied, .treatmentNotApplied,
      .treatmentEnd, .dnOutOfService, .dnBackInService, .queueLogout:
      break
    }
  }

  // MARK: Devices

  private mutating func device(_ dn: DN) -> Int {
    if let index = deviceIndex.index(of: dn) { return index }
    deviceIndex[dn] = Int32(devices.count)
    devices.append(DeviceFigures(dn))
    return devices.count - 1
  }

  private mutating func entered(_ event: borrowing Event) {
    guard let call = event.call?.connID else { return }
    let index = device(event.thisDN)
    devices[index].entered += 1
    if let lastFailed, lastFailed.call == call, lastFailed.device == index {
      devices[index].returned += 1
    }
    devices[index].arrivals.append(call, at: event.time)
    present[Stay(call: call, dn: event.thisDN)] = event.time
  }

  /// Takes a call out of a device; returns since when it was there.
  private mutating func leave(_ event: borrowing Event, _ index: Int) -> UInt64? {
    guard let call = event.call?.connID else { return nil }
    let since = present.remove(Stay(call: call, dn: event.thisDN))
    if since != nil { devices[index].arrivals.remove(call) }
    return since
  }

  private mutating func left(_ event: borrowing Event) {
    guard let call = event.call?.connID else { return }
    let index = device(event.thisDN)
    guard let since = leave(event, index) else { return }
    if event.callState == .redirected {
      devices[index].cleared += 1
      return
    }
    devices[index].distributed += 1
    if event.callState == .overflowed { devices[index].overflowed += 1 }
    devices[index].distributedWait.add(event.time &- since)
    // Only this call's departures count, and only its last one from each device.
    lastLeft.removeAll { $0.call != call || $0.device == index }
    lastLeft.append(Departure(call: call, device: index, entered: since))
  }

  private mutating func abandoned(_ event: borrowing Event) {
    guard let call = event.call?.connID else { return }
    if event.thisQueue == event.thisDN {
      let index = device(event.thisDN)
      if let since = leave(event, index) {
        devices[index].abandoned += 1
        let wait = event.time &- since
        devices[index].abandonedWait.add(wait)
        if wait <= UInt64(abandonThreshold.nanosecondsClamped) {
          devices[index].abandonedEarly += 1
        }
      }
      return
    }
    endLeg(of: call, at: event.time, .abandonedRinging)
  }

  private mutating func released(_ event: borrowing Event) {
    guard let call = event.call?.connID, event.thisDNRole != .origination else { return }
    if let queue = event.thisQueue, queue == event.thisDN {
      let index = device(queue)
      if leave(event, index) != nil { devices[index].refused += 1 }
      return
    }
    let end: LegEnd =
      switch event.callState {
      case .noAnswer: .missed
      case .pickedUp: .pickedUp
      default: .failed
      }
    endLeg(of: call, at: event.time, end)
  }

  private mutating func routed(_ event: borrowing Event) {
    let index = device(event.thisDN)
    let strategy = event.extensions?.first { $0.key == "STRATEGY" }?.value ?? ""
    let place = self.strategy(strategy)
    switch event.routeType {
    case .default:
      devices[index].defaulted += 1
      strategies[place].defaulted += 1
    case .reject:
      devices[index].rejected += 1
      strategies[place].rejected += 1
    case .direct: strategies[place].routed += 1
    case .unknown, nil: break
    }
  }

  private mutating func strategy(_ name: String) -> Int {
    if let index = strategyIndex[name] { return index }
    strategyIndex[name] = strategies.count
    strategies.append(StrategyFigures(name))
    return strategies.count - 1
  }

  // MARK: Legs

  private enum LegEnd {
    case missed
    case failed
    case abandonedRinging
    case pickedUp
  }

  private mutating func ringing(_ event: borrowing Event) {
    guard let call = event.call?.connID else { return }
    var leg = Leg(device: nil, agent: nil, entered: event.time, since: event.time)
    if let queue = event.thisQueue {
      let index = device(queue)
      leg.device = index
      // With divert on answer it is still there; else it has just left.
      if let since = present[Stay(call: call, dn: queue)] {
        leg.entered = since
      } else if let left = lastLeft.first(where: { $0.call == call && $0.device == index }) {
        leg.entered = left.entered
      }
    }
    leg.agent = event.agentID.map { agent($0) }
    legs[call] = leg
  }

  private mutating func established(_ event: borrowing Event) {
    guard let call = event.call?.connID, event.thisDNRole != .origination, var leg = legs[call]
    else { return }
    if let index = leg.device {
      devices[index].answered += 1
      let wait = event.time &- leg.entered
      devices[index].answeredWait.add(wait)
      if wait <= UInt64(answerThreshold.nanosecondsClamped) { devices[index].answeredEarly += 1 }
    }
    if let index = leg.agent {
      agents[index].ringNanoseconds += event.time &- leg.since
      agents[index].callsTaken += 1
    }
    leg.isTalking = true
    leg.since = event.time
    legs[call] = leg
  }

  private mutating func endLeg(of call: ConnID, at time: UInt64, _ end: LegEnd) {
    guard let leg = legs.remove(call) else { return }
    if leg.isTalking {
      if let index = leg.agent { agents[index].talkNanoseconds += time &- leg.since }
      return
    }
    lastFailed = Failure(call: call, device: leg.device)
    if let index = leg.agent {
      agents[index].ringNanoseconds += time &- leg.since
      switch end {
      case .missed: agents[index].missed += 1
      case .failed: agents[index].refused += 1
      case .abandonedRinging: agents[index].abandonedRinging += 1
      case .pickedUp: break
      }
    }
    if let index = leg.device {
      switch end {
      case .missed: devices[index].missed += 1
      case .failed, .pickedUp: break
      case .abandonedRinging: devices[index].abandonedRinging += 1
      }
    }
  }

  /// A transfer: what the consult call had reached goes on under the held call's ConnID.
  private mutating func renamed(_ event: borrowing Event) {
    guard let call = event.call?.connID, let consult = event.previousConnID else { return }
    // Who was called and stays, as the one who makes the call now, has talked until here.
    endLeg(of: call, at: event.time, .failed)
    legs[call] = legs.remove(consult)
    for index in devices.indices {
      let old = Stay(call: consult, dn: devices[index].dn)
      guard let since = present.remove(old) else { continue }
      present[Stay(call: call, dn: devices[index].dn)] = since
      devices[index].arrivals.rename(consult, to: call)
    }
  }

  // MARK: Agents

  private mutating func agent(_ id: AgentID) -> Int {
    if let index = agentIndex[id] { return index }
    agentIndex[id] = agents.count
    agents.append(AgentFigures(id))
    return agents.count - 1
  }

  private mutating func agentChanged(_ event: borrowing Event) {
    guard let id = event.agentID else { return }
    let index = agent(id)
    let state: AgentFigures.State
    switch event.kind {
    case .agentLogin:
      // A second login is announced again and changes nothing (DOMAIN 1.5).
      guard agents[index].state == .loggedOut else { return }
      state = .notReady
    case .agentLogout: state = .loggedOut
    case .agentReady: state = .ready
    default: state = event.workMode == .afterCallWork ? .afterCallWork : .notReady
    }
    agents[index].change(to: state, at: event.time)
  }
}
