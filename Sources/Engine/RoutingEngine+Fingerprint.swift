// What an engine's future depends on, as a list of numbers; for the simulator, which walks a small
// world until no new state appears.
//
// Two engines with equal fingerprints answer equal signals alike, but for numbers that only count
// up (sequence, tickets, references, attempts) and for statistics. Deadlines are relative to now.

extension RoutingEngine {
  /// A second engine in the same state.
  package init(copying other: borrowing RoutingEngine) {
    plan = other.plan
    epoch = other.epoch
    random = other.random
    now = other.now
    sequence = other.sequence
    calls = other.calls
    agents = other.agents
    waiting = other.waiting
    queues = other.queues
    routingPoints = other.routingPoints
    dns = other.dns
    dnIndex = other.dnIndex
    placeIndex = other.placeIndex
    placeDNs = other.placeDNs
    queueExpressions = other.queueExpressions
    firstAutomatic = other.firstAutomatic
    nextAutomatic = other.nextAutomatic
    timers = other.timers
    generations = other.generations
    selected = other.selected
    lastTicket = other.lastTicket
    lastCallID = other.lastCallID
    lastReference = other.lastReference
    lastTreatment = other.lastTreatment
    uuidHigh = other.uuidHigh
    uuidMiddle = other.uuidMiddle
    isDraining = other.isDraining
    strategyFingerprint = other.strategyFingerprint
    decisions = other.decisions
    shares = other.shares
    states = other.states
    places = other.places
    fault = other.fault
  }

  /// The state in numbers; see the head of this file for what is left out.
  package func fingerprint() -> [Int64] {
    var numbers: [Int64] = []
    var slots: [CallSlot] = []
    calls.forEach { slots.append($0) }
    slots.sort { calls[$0].attributes.connID.value < calls[$1].attributes.connID.value }
    for slot in slots { describe(slot, among: slots, &numbers) }
    for index in agents.indices { describe(AgentSlot(index: index), &numbers) }
    for record in dns { numbers.append(record.isInService ? 1 : 0) }
    describeKept(among: slots, &numbers)
    return numbers
  }

  private func remaining(_ timer: TimerID?) -> Int64 {
    guard let timer, let deadline = timers.deadline(of: timer) else { return -1 }
    return (deadline - now).nanosecondsClamped
  }

  /// What strategies keep from call to call.
  func describeKept(among slots: [CallSlot], _ numbers: inout [Int64]) {
    shares.describe(&numbers)
    states.describe(&numbers)
    for place in places.present(at: now) {
      numbers.append(place.key.stableHash)
      numbers.append(Int64(slots.count { calls[$0].ticket < place.ticket }))
      numbers.append(place.owner == nil ? (place.expires - now).nanosecondsClamped : -1)
    }
  }

  func describe(_ slot: CallSlot, among all: [CallSlot], _ numbers: inout [Int64]) {
    let call = calls[slot]
    numbers.append(Int64(bitPattern: call.attributes.connID.value))
    numbers.append(Int64(all.count { calls[$0].ticket < call.ticket }))
    numbers.append(call.newcomerTicket == 0 ? 0 : 1)
    numbers.append(Int64(call.priority))
    switch call.device {
    case .routingPoint(let index): numbers += [1, Int64(index)]
    case .queue(let index): numbers += [2, Int64(index)]
    case .direct(let index): numbers += [3, Int64(index)]
    }
    switch call.state {
    case .consulting: numbers.append(1)
    case .selecting: numbers.append(2)
    case .treating: numbers.append(3)
    case .pausing: numbers.append(4)
    case .readingHeader: numbers.append(5)
    case .queued: numbers.append(6)
    case .diverting(let diversion):
      let dn = dnIndex[number(of: diversion.way, of: slot)] ?? -1
      numbers += [7, Int64(diversion.agent?.index ?? -1), Int64(dn)]
      numbers += [diversion.isRinging ? 1 : 0, diversion.isAnnounced ? 1 : 0]
      numbers.append(remaining(diversion.timer))
    case .established(let talk): numbers += [8, Int64(talk.agent?.index ?? -1)]
    }
    switch call.decider {
    case .nobody: numbers.append(0)
    case .strategy: numbers.append(1)
    case .anybody, .target: numbers.append(2)
    case .defaults(_, let looked, let tried): numbers += [3, Int64(looked), Int64(tried)]
    case .overflow(_, let next, _): numbers += [4, Int64(next)]
    }
    numbers += [
      call.overdue != nil ? 1 : 0, remaining(call.routingPointTimer), remaining(call.waitTimer),
    ]
    let drain = call.generation < 0 ? nil : generations[timerOf: call.generation]
    numbers.append(remaining(drain))
    numbers.append(Int64(call.selectedAgent?.index ?? -1))
    for index in dns.indices { numbers.append(call.tried.contains(Int32(index)) ? 1 : 0) }
  }

  func describe(_ slot: AgentSlot, _ numbers: inout [Int64]) {
    let agent = agents[slot]
    numbers.append(Int64(agent.dn))
    describe(agent.mode, &numbers)
    if let pending = agent.pending { describe(pending, &numbers) } else { numbers.append(-1) }
    switch agent.engagement {
    case .none: numbers.append(0)
    case .reserved(let reservation):
      numbers += [1, Int64(reservation.owner.index), remaining(reservation.timer)]
      numbers.append(reservation.reason.isOffer ? 1 : 0)
    case .talking(let call): numbers += [2, Int64(call.index)]
    }
    numbers += [remaining(agent.afterCallWork), remaining(agent.blackout)]
    guard agent.isAvailable else {
      numbers.append(-1)
      return
    }
    let rank = agents.rank(of: slot, by: .longestIdle)
    var before: Int64 = 0
    for index in agents.indices where agents[AgentSlot(index: index)].isAvailable {
      if agents.rank(of: AgentSlot(index: index), by: .longestIdle) < rank { before += 1 }
    }
    numbers.append(before)
  }

  private func describe(_ mode: AgentMode, _ numbers: inout [Int64]) {
    switch mode {
    case .loggedOut: numbers.append(0)
    case .notReady(let work, _): numbers += [1, Int64(work.rawValue)]
    case .ready(let work): numbers += [2, Int64(work.rawValue)]
    }
  }
}
