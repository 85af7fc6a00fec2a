// Sending a call where its strategy wants it.

/// Whether a target can be had, and if not why.
enum Reach {
  case success(Choice)
  case failure(RouteFailure)
}

extension RoutingEngine {
  /// `call:route`: sends the call there at once, or says why not.
  mutating func route(
    _ call: CallSlot,
    to target: Target,
    _ ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    guard calls[call].attempts < plan.limits.attemptsMax else {
      takeDefaultRoute(call, .attemptsExhausted, &outbox)
      return
    }
    releaseSelectionUnless(target, of: call, &outbox)
    switch target {
    case .any(let filter):
      let resolved = try resolve(filter)
      if let choice = choose([resolved], by: .longestIdle, for: call) {
        send(call, to: choice, ringTimeout: ringTimeout, &outbox)
      } else {
        resume(call, .failed(.busy), &outbox)
      }
    case .agent(let id):
      switch reach(agents.slot(of: id), for: call) {
      case .success(let choice): send(call, to: choice, ringTimeout: ringTimeout, &outbox)
      case .failure(let failure): resume(call, .failed(failure), &outbox)
      }
    case .dn, .queue, .queues, .trunk, .reject:
      if let failure = tryFixed(target, for: call, ringTimeout, &outbox) {
        resume(call, .failed(failure), &outbox)
      }
    case .list(let list): try route(call, along: list, ringTimeout, &outbox)
    }
  }

  /// Whether an agent can be sent this call now; the call's own reservation of him counts.
  func reach(_ agent: AgentSlot?, for call: CallSlot) -> Reach {
    guard let agent else { return .failure(.noSuchTarget) }
    guard let dn = deliveryDN(of: agent) else { return .failure(.unreachable) }
    if calls[call].selectedAgent == agent || agents[agent].isAvailable {
      return .success(.agent(agent, dn: dn))
    }
    return .failure(.busy)
  }

  /// Sends a call to a DN, a queue, a trunk or away.
  ///
  /// Returns why it cannot.
  mutating func tryFixed(
    _ target: Target,
    for call: CallSlot,
    _ ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) -> RouteFailure? {
    switch target {
    case .dn(let dn): return tryDN(dn, for: call, ringTimeout, &outbox)
    case .queue(let dn): return tryQueues([dn], for: call, &outbox)
    case .queues(let list): return tryQueues(list, for: call, &outbox)
    case .trunk(let name, let number):
      guard plan.trunks.contains(name) else { return .noSuchTarget }
      send(call, to: .trunk(name: name, number: number), ringTimeout: ringTimeout, &outbox)
      return nil
    case .reject(let status):
      reject(call, status, &outbox)
      return nil
    case .any, .agent, .list: return .noSuchTarget
    }
  }

  private mutating func tryDN(
    _ dn: DN,
    for call: CallSlot,
    _ ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) -> RouteFailure? {
    guard let index = dnIndex[dn] else { return .noSuchTarget }
    switch dns[Int(index)].kind {
    case .queue: return tryQueues([dn], for: call, &outbox)
    case .routingPoint: return .noSuchTarget
    case .extension: break
    }
    guard dns[Int(index)].isInService else { return .unreachable }
    guard let agent = dns[Int(index)].agent else {
      send(call, to: .dn(index), ringTimeout: ringTimeout, &outbox)
      return nil
    }
    guard calls[call].selectedAgent == agent || isFree(agent) else { return .busy }
    send(call, to: .agent(agent, dn: index), ringTimeout: ringTimeout, &outbox)
    return nil
  }

  private mutating func tryQueues(
    _ list: [DN],
    for call: CallSlot,
    _ outbox: inout Outbox
  ) -> RouteFailure? {
    var found: [Int32] = []
    for dn in list {
      guard let index = dnIndex[dn], case .queue(let queue) = dns[Int(index)].kind,
        !queues[Int(queue)].isVirtual
      else { return .noSuchTarget }
      if !found.contains(queue) { found.append(queue) }
    }
    guard let first = found.first else { return .noSuchTarget }
    // A full queue with an overflow target of its own knows what to do.
    let isOpen = found.contains { !isFull($0) || queues[Int($0)].plan.overflow != nil }
    guard isOpen, found.count <= plan.limits.targetsMax else { return .busy }
    switch calls[call].device {
    case .routingPoint: leaveRoutingPoint(call, to: queues[Int(first)].plan.dn, &outbox)
    case .queue:
      emitDiverted(call, to: queues[Int(first)].plan.dn, state: .overflowed, &outbox)
      calls[call].otherQueues = []
    case .direct: break
    }
    enterQueues(call, found, &outbox)
    return nil
  }

  /// Whether nobody else has this agent; readiness is not asked, a DN may be rung all the same.
  func isFree(_ agent: AgentSlot) -> Bool {
    if case .none = agents[agent].engagement { return true }
    return false
  }

  mutating func send(
    _ call: CallSlot,
    to choice: Choice,
    ringTimeout asked: Duration?,
    _ outbox: inout Outbox
  ) {
    switch choice {
    case .agent(let agent, let dn):
      let timeout = ringTimeout(asked, of: call, agent)
      divert(call, to: Way(dn: dn), agent: agent, ringTimeout: timeout, &outbox)
    case .dn(let index):
      let timeout = ringTimeout(asked, of: call, nil)
      divert(call, to: Way(dn: index), agent: nil, ringTimeout: timeout, &outbox)
    case .trunk(let name, let number):
      let timeout = ringTimeout(asked, of: call, nil)
      calls[call].trunk = TrunkNumber(name: name, number: number)
      divert(call, to: .trunk, agent: nil, ringTimeout: timeout, &outbox)
    }
  }

  /// The strategy returned a target; its run is over and the engine sees to the rest.
  mutating func pursueTarget(_ call: CallSlot, _ outbox: inout Outbox) {
    guard calls[call].attempts < plan.limits.attemptsMax else {
      takeDefaultRoute(call, .attemptsExhausted, &outbox)
      return
    }
    switch calls[call].decider {
    case .anybody: pursueAnybody(call, &outbox)
    case .target(let target): pursueTarget(call, target, &outbox)
    case .nobody, .strategy, .defaults, .overflow: break
    }
  }

  private mutating func pursueAnybody(_ call: CallSlot, _ outbox: inout Outbox) {
    let target = ResolvedTarget.group(AgentTable.everybody)
    if let choice = choose(target, by: .longestIdle, for: call) {
      send(call, to: choice, ringTimeout: nil, &outbox)
      return
    }
    dropTargets(of: call)
    agents.addUser(of: AgentTable.everybody, 1)
    calls[call].targets.append(target)
    calls[call].rule = .longestIdle
    wait(call)
  }

  private mutating func pursueTarget(
    _ call: CallSlot,
    _ target: Target,
    _ outbox: inout Outbox
  ) {
    switch target {
    case .any, .agent: pursue(call, target, &outbox)
    case .dn, .queue, .queues, .trunk, .reject:
      if let failure = tryFixed(target, for: call, nil, &outbox) {
        takeDefaultRoute(call, .targetFailed(failure), &outbox)
      }
    case .list(let list): pursueList(call, list, after: .noSuchTarget, &outbox)
    }
  }

  private mutating func pursue(_ call: CallSlot, _ target: Target, _ outbox: inout Outbox) {
    if case .agent(let id) = target, let agent = calls[call].selectedAgent,
      agents.id(of: agent) == id
    {
      if case .success(let choice) = reach(agent, for: call) {
        send(call, to: choice, ringTimeout: nil, &outbox)
        return
      }
      releaseSelection(of: call, &outbox)
    }
    guard isKnown(target) else {
      takeDefaultRoute(call, .targetFailed(.noSuchTarget), &outbox)
      return
    }
    do {
      let resolved = try resolveWaitable(target)
      if let choice = choose(resolved, by: .longestIdle, for: call) {
        send(call, to: choice, ringTimeout: nil, &outbox)
        return
      }
      dropTargets(of: call)
      keep([resolved], of: call)
      calls[call].rule = .longestIdle
      wait(call)
    } catch {
      takeDefaultRoute(call, .strategyFailed(.error(error.message)), &outbox)
    }
  }

  /// The call leaves its routing point for good.
  private mutating func leaveRoutingPoint(_ call: CallSlot, to dn: DN, _ outbox: inout Outbox) {
    emitRouteUsed(call, to: dn, rejecting: false, &outbox)
    emitDiverted(call, to: dn, &outbox)
    leaveVirtualQueue(call, .cleared, &outbox)
    leaveStrategy(of: call, &outbox)
    calls[call].treatment = 0
  }

  /// Nobody decides about the call any more; what its strategy held is given back.
  mutating func leaveStrategy(of call: CallSlot, _ outbox: inout Outbox) {
    endStrategy(of: call, &outbox)
    calls[call].decider = .nobody
    dropTargets(of: call)
    releaseSelection(of: call, &outbox)
  }

  /// Forgets the strategy's run, if it is alive, and the routing point's timers.
  mutating func endStrategy(of call: CallSlot, _ outbox: inout Outbox) {
    if let timer = calls[call].routingPointTimer {
      timers.disarm(timer)
      calls[call].routingPointTimer = nil
    }
    if let timer = calls[call].waitTimer {
      timers.disarm(timer)
      calls[call].waitTimer = nil
    }
    if case .strategy = calls[call].decider {
      outbox.append(.cancel(calls[call].attributes.connID))
    }
    leaveGeneration(call)
  }

  mutating func reject(_ call: CallSlot, _ status: UInt16, _ outbox: inout Outbox) {
    guard case .routingPoint = calls[call].device else {
      refuse(call, status: status, .dropped, &outbox)
      return
    }
    record(.ended(.refused(status)), of: call)
    emitRouteUsed(call, to: nil, rejecting: true, &outbox)
    var event = deviceEvent(.released, call)
    event.callState = .dropped
    emit(event, &outbox)
    // The caller's own phone hears why (DOMAIN 2.6).
    if status == 486 {
      emitOriginEnd(of: call, .destinationBusy, .busy, &outbox)
    } else {
      emitOriginEnd(of: call, .released, .dropped, &outbox)
    }
    outbox.append(.reject(calls[call].attributes.connID, status: status))
    end(call, &outbox)
  }
}
