// Decision records: kept here, explained in RoutingEngine+Explain.swift.

extension RoutingEngine {
  /// Keeps what was decided about a call.
  mutating func record(_ kind: consuming DecisionKind, of call: CallSlot) {
    guard decisions.isKept else { return }
    decisions.append(kind, of: calls[call].attributes.connID, at: now)
  }

  mutating func recordEntrance(of call: CallSlot, at dn: DN) {
    guard decisions.isKept else { return }
    let entrance = CallEntrance(attributes: calls[call].attributes, dn: dn, time: unixTime)
    decisions.append(.entered(entrance), of: calls[call].attributes.connID, at: now)
  }

  mutating func recordConsult(_ consult: ConnID, of held: ConnID, at dn: DN) {
    guard decisions.isKept, calls.slot(of: held) != nil else { return }
    decisions.append(.consulted(consult, dn), of: held, at: now)
  }

  mutating func recordTransfer(_ consult: ConnID, into held: ConnID, by party: DN) {
    guard decisions.isKept else { return }
    decisions.append(.transferred(consult, by: party), of: held, at: now)
    decisions.append(.ended(.transferred(held)), of: consult, at: now)
  }

  /// Keeps a step of a strategy; with the last one, what its run used.
  mutating func record(_ step: StrategyStep, _ trace: StrategyTrace, of call: CallSlot) {
    guard decisions.isKept else { return }
    let connID = calls[call].attributes.connID
    switch step {
    case .requested(let request):
      decisions.append(.asked(request, trace), of: connID, at: now)
      return
    case .finished(let target): decisions.append(.returned(target, trace), of: connID, at: now)
    case .failed(let failure): decisions.append(.failed(failure), of: connID, at: now)
    }
    let used = Int(calls[call].strategySteps)
    let usage = StrategyUsage(steps: used, stepsMax: plan.limits.strategyStepsMax)
    decisions.append(.used(usage), of: connID, at: now)
  }

  mutating func recordQueues(of call: CallSlot, _ first: Int32, _ others: [Int32]) {
    guard decisions.isKept else { return }
    var list: [DN] = []
    for queue in others { list.append(queues[Int(queue)].plan.dn) }
    let kind = DecisionKind.queued(queues[Int(first)].plan.dn, others: list)
    decisions.append(kind, of: calls[call].attributes.connID, at: now)
  }

  /// Keeps what an agent has become, if he has become something else.
  @inline(__always)
  mutating func noteStanding(of agent: AgentSlot) {
    if decisions.isKept { keepStanding(of: agent) }
  }

  private mutating func keepStanding(of agent: AgentSlot) {
    let standing = standing(of: agent)
    let dn = deliveryDN(of: agent) ?? agents[agent].dn
    let previous = agents[agent].lastChange
    if let last = decisions.change(previous), last.standing == standing, last.dn == dn { return }
    agents[agent].lastChange = decisions.append(standing, at: dn, previous: previous, now)
    agents[agent].lastChangeOrder = decisions.order
  }

  /// What an agent is now.
  func standing(of agent: AgentSlot) -> Standing {
    switch agents[agent].engagement {
    case .reserved(let reservation):
      let call = calls.connID(at: reservation.owner)
      switch reservation.reason {
      case .collecting, .selected: return .reserved(call)
      case .diverting: return .offered(call)
      case .ringing: return .ringing(call)
      }
    case .talking(let call): return .talking(calls.connID(at: call))
    case .none: break
    }
    guard agents[agent].dn >= 0 else { return .loggedOut }
    guard deliveryDN(of: agent) != nil else { return .outOfService }
    switch agents[agent].mode {
    case .loggedOut: return .loggedOut
    case .notReady(let workMode, let reason): return .notReady(workMode, reason: reason)
    case .ready: return agents[agent].blackout == nil ? .ready : .leftAlone
    }
  }

  // MARK: Finding a record

  /// Whether the site has an agent of this ID.
  public func hasAgent(_ id: AgentID) -> Bool { agents.slot(of: id) != nil }

  /// The call that came in last of those that pass and are still known.
  public func lastCall(where passes: (CallEntrance) -> Bool) -> ConnID? {
    decisions.lastCall(where: passes)
  }

  /// Why a call went where it went.
  ///
  /// Who was a candidate is worked out now, from what is kept: cost grows with the number of agents
  /// and steps, and nothing changes by asking.
  ///
  /// - Parameters:
  ///   - call: The call, alive or over.
  ///   - agent: Whom alone to show as a candidate; nil: all agents of the site.
  /// - Returns: Its record; nil when nothing of it is kept (any more), or there is no such agent.
  public func decision(of call: ConnID, only agent: AgentID? = nil) -> DecisionRecord? {
    let slot = agent.flatMap { agents.slot(of: $0) }
    if agent != nil, slot == nil { return nil }
    let entries = entries(of: call)
    guard !entries.isEmpty else { return nil }
    var record = DecisionRecord(call: call, entrance: nil, steps: [])
    var story = Story(call: call)
    for (index, entry) in entries.enumerated() {
      if case .entered(let entrance) = entry.kind {
        record.entrance = entrance
        story.ani = entrance.attributes.ani
      }
      let chosen = Self.chosen(after: index, in: entries)
      story.note(entry.kind)
      record.steps.append(
        DecisionStep(
          time: epoch &+ entry.at.nanoseconds,
          kind: entry.kind,
          candidates: candidates(for: entry, story, chosen: chosen, only: slot)
        )
      )
    }
    return record
  }

  /// What is kept of a call, and of the consult calls that it took over, since it came: their
  /// strategies decided where its caller is.
  private func entries(of call: ConnID) -> [DecisionEntry] {
    var entries = decisions.entries(of: call)
    var next = 0
    while next < entries.count {
      if case .transferred(let consult, _) = entries[next].kind {
        for entry in decisions.entries(of: consult) where entry.order > entries[0].order {
          switch entry.kind {
          case .entered, .ended: continue
          default: entries.append(entry)
          }
        }
      }
      next += 1
    }
    return entries.sorted { $0.order < $1.order }
  }

  /// Whom a step found at once: the answer or the diversion that follows it in the same instant.
  private static func chosen(after index: Int, in entries: [DecisionEntry]) -> AgentID? {
    for entry in entries[(index + 1)...].prefix(3) {
      guard entry.at == entries[index].at else { return nil }
      switch entry.kind {
      case .answered(.selected(.agent(let id))): return id
      case .sent(_, let agent, _): return agent
      case .used, .ended, .rang, .connected, .missed, .overtook, .consulted, .transferred: continue
      case .answered, .asked, .defaulted, .entered, .failed, .queued, .returned, .started,
        .triedDefault:
        return nil
      }
    }
    return nil
  }
}

/// What of a call's story counts when its candidates are judged.
struct Story {
  let call: ConnID
  var ani = ""
  /// What its selections wait for.
  var targets: [Target] = []
  var excludedAgents: [AgentID] = []
  var excludedDNs: [DN] = []
  var triedDNs: [DN] = []
  var queues: [DN] = []

  init(call: ConnID) { self.call = call }

  mutating func note(_ kind: DecisionKind) {
    switch kind {
    case .asked(.select(let selection), _):
      if selection.clears { targets = [] }
      targets += selection.targets
    case .asked(.exclude(.agent(let id)), _): excludedAgents.append(id)
    case .asked(.exclude(.dn(let dn)), _): excludedDNs.append(dn)
    case .sent(.dn(let dn), _, _): if queues.isEmpty { triedDNs.append(dn) }
    case .queued(let first, let others): queues = [first] + others
    case .returned, .defaulted: targets = []
    case .asked, .answered, .connected, .consulted, .ended, .entered, .failed, .missed, .overtook,
      .rang, .sent, .started, .transferred, .triedDefault, .used:
      break
    }
  }
}
