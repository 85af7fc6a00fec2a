// Selections: waiting for a target, and reserving it (SURFACE 4; DOMAIN 3.3, 4.2).

extension RoutingEngine {
  mutating func select(
    _ selection: Selection,
    for call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    let kept = selection.clears ? 0 : calls[call].targets.count
    guard selection.targets.count + kept <= plan.limits.targetsMax else {
      throw StrategyMistake("call:select: more than \(plan.limits.targetsMax) targets")
    }
    var virtualQueue: Int32 = -1
    if let dn = selection.virtualQueue {
      virtualQueue = try queueIndex(dn)
      guard queues[Int(virtualQueue)].isVirtual else {
        throw StrategyMistake("call:select: queue \"\(dn.number)\" is not virtual")
      }
    }
    var targets: [ResolvedTarget] = []
    for target in selection.targets where isKnown(target) {
      targets.append(try resolveWaitable(target))
    }
    if let priority = selection.priority { calls[call].priority = priority }
    releaseSelection(of: call, &outbox)
    if selection.clears { dropTargets(of: call) }
    keep(targets, of: call)
    guard !calls[call].targets.isEmpty else {
      leaveVirtualQueue(call, .cleared, &outbox)
      resume(call, .failed(.noSuchTarget), &outbox)
      return
    }
    calls[call].rule = selection.rule
    if virtualQueue >= 0 {
      enterVirtualQueue(call, virtualQueue, &outbox)
    } else {
      leaveVirtualQueue(call, .cleared, &outbox)
    }
    if let choice = choose(calls[call].targets, by: selection.rule, for: call) {
      if !opensWindow(choice, for: call) {
        take(choice, for: call, &outbox)
        return
      }
    } else if let agent = replaceable(by: call) {
      replaceReservation(of: agent, by: call, &outbox)
      return
    }
    if let timeout = selection.timeout {
      guard timeout > .zero else {
        leaveVirtualQueue(call, .cleared, &outbox)
        closeWindow(ofCall: call, &outbox)
        resume(call, .failed(.timeout), &outbox)
        return
      }
      calls[call].waitTimer = timers.arm(.strategyWait(call), at: now + timeout)
    }
    wait(call)
  }

  /// Whether the site has such a target; a name that has gone stale in a table is no mistake of
  /// the strategy, which hears `no_such_target`.
  func isKnown(_ target: Target) -> Bool {
    switch target {
    case .agent(let id): agents.slot(of: id) != nil
    case .dn(let dn): dnIndex[dn] != nil
    case .trunk(let name, _): plan.trunks.contains(name)
    case .any, .queue, .queues, .reject, .list: true
    }
  }

  mutating func resolveWaitable(_ target: Target) throws(StrategyMistake) -> ResolvedTarget {
    switch target {
    case .any(let filter): return try resolve(filter)
    case .agent(let id):
      guard let agent = agents.slot(of: id) else {
        throw StrategyMistake("there is no agent \"\(id.text)\"")
      }
      return .agent(agent)
    case .dn(let dn):
      guard let index = dnIndex[dn], dns[Int(index)].kind == .extension else {
        throw StrategyMistake("there is no extension \"\(dn.number)\"")
      }
      return .dn(index)
    case .trunk(let name, let number):
      guard plan.trunks.contains(name) else {
        throw StrategyMistake("there is no trunk \"\(name)\"")
      }
      return .trunk(name: name, number: number)
    case .list: throw StrategyMistake("call:select takes the targets themselves, not a list")
    case .queue, .queues:
      throw StrategyMistake("call:select cannot wait for a queue; return it or route to it")
    case .reject:
      throw StrategyMistake("call:select cannot wait for a refusal")
    }
  }

  /// Adds targets to those that the call waits for; their filters are in use from here on.
  mutating func keep(_ targets: [ResolvedTarget], of call: CallSlot) {
    for target in targets {
      if let bit = target.bit { agents.addUser(of: bit, 1) }
    }
    calls[call].targets += targets
  }

  mutating func dropTargets(of call: CallSlot) {
    guard !calls[call].targets.isEmpty else { return }
    for index in calls[call].targets.indices {
      if let bit = calls[call].targets[index].bit { agents.addUser(of: bit, -1) }
    }
    calls[call].targets.removeAll(keepingCapacity: true)
  }

  /// A wait is over, in time or not.
  mutating func selectionTimedOut(_ call: CallSlot, _ outbox: inout Outbox) {
    leaveLines(call)
    leaveVirtualQueue(call, .cleared, &outbox)
    closeWindow(ofCall: call, &outbox)
    resume(call, .failed(.timeout), &outbox)
  }

  /// The call gets what it waited for: its strategy hears of it, or the engine routes it there.
  mutating func take(_ choice: Choice, for call: CallSlot, _ outbox: inout Outbox) {
    if let timer = calls[call].waitTimer {
      timers.disarm(timer)
      calls[call].waitTimer = nil
    }
    closeWindow(ofCall: call, &outbox)
    guard case .strategy = calls[call].decider else {
      send(call, to: choice, ringTimeout: nil, &outbox)
      return
    }
    switch choice {
    case .agent(let agent, _):
      reserve(agent, for: call)
      resume(call, .selected(.agent(agents.id(of: agent))), &outbox)
    case .dn(let index): resume(call, .selected(.dn(dns[Int(index)].dn)), &outbox)
    case .trunk(let name, let number):
      resume(call, .selected(.trunk(name: name, number: number)), &outbox)
    }
  }

  private mutating func reserve(_ agent: AgentSlot, for call: CallSlot) {
    if agents[agent].isAvailable { agents.becomeUnavailable(agent) }
    let expires = now + plan.limits.reservationExpiry
    let timer = timers.arm(.reservation(agent), at: expires)
    let reservation = Reservation(owner: call, reason: .selected, expires: expires, timer: timer)
    engage(agent, in: .reserved(reservation))
    calls[call].selectedAgent = agent
    if case .replace = plan.reservations { selected.append(agent) }
  }

  /// Gives back the agent whom a selection reserved, so that others may have him.
  mutating func releaseSelection(of call: CallSlot, _ outbox: inout Outbox) {
    guard let agent = calls[call].selectedAgent else { return }
    calls[call].selectedAgent = nil
    timers.disarm(freeReservation(of: agent))
    updateAvailability(of: agent, &outbox)
  }

  /// Keeps the selected agent if the call goes to him, by his id or by his DN.
  mutating func releaseSelectionUnless(
    _ target: Target?,
    of call: CallSlot,
    _ outbox: inout Outbox
  ) {
    guard let agent = calls[call].selectedAgent else { return }
    switch target {
    case .agent(let id): if agents.id(of: agent) == id { return }
    case .dn(let dn):
      if let index = dnIndex[dn], dns[Int(index)].agent == agent { return }
    case .list(let list): return releaseSelectionUnless(list.first, of: call, &outbox)
    case .queue, .queues, .any, .trunk, .reject, nil: break
    }
    releaseSelection(of: call, &outbox)
  }

  // MARK: The two policies (DOMAIN 3.3)

  /// With a collection window the first request does not get the agent yet: it waits on, and when
  /// the window closes he goes to the first of all who wait for him, like any agent who becomes
  /// available.
  mutating func opensWindow(_ choice: Choice, for call: CallSlot) -> Bool {
    guard case .collect(let window) = plan.reservations, window > .zero,
      case .agent(let agent, _) = choice
    else { return false }
    agents.becomeUnavailable(agent)
    let expires = now + window
    let timer = timers.arm(.reservation(agent), at: expires)
    let reservation = Reservation(owner: call, reason: .collecting, expires: expires, timer: timer)
    engage(agent, in: .reserved(reservation))
    calls[call].collectedAgent = agent
    return true
  }

  /// The window that a call opened is closed: it waits no more.
  mutating func closeWindow(ofCall call: CallSlot, _ outbox: inout Outbox) {
    guard let agent = calls[call].collectedAgent else { return }
    calls[call].collectedAgent = nil
    timers.disarm(freeReservation(of: agent))
    updateAvailability(of: agent, &outbox)
  }

  /// A window ends: by its timer, or because the agent can be had no more.
  ///
  /// Its call passed over others who were available; if it goes away empty-handed, it asks again.
  mutating func closeWindow(of agent: AgentSlot, _ outbox: inout Outbox) {
    guard case .reserved(let reservation) = agents[agent].engagement,
      case .collecting = reservation.reason
    else { return }
    let call = reservation.owner
    closeWindow(ofCall: call, &outbox)
    guard case .selecting = calls[call].state else { return }
    askAgain(call, &outbox)
  }

  /// The agent whom a call with a higher priority takes over from a selection; the policy decides.
  private mutating func replaceable(by call: CallSlot) -> AgentSlot? {
    guard case .replace = plan.reservations else { return nil }
    selected.removeAll { agent in
      guard case .reserved(let reservation) = agents[agent].engagement,
        case .selected = reservation.reason
      else { return true }
      return false
    }
    return selected.first { agent in
      guard case .reserved(let reservation) = agents[agent].engagement else { return false }
      return calls[reservation.owner].priority < calls[call].priority
        && place(of: agent, for: call) != nil
    }
  }

  private mutating func replaceReservation(
    of agent: AgentSlot,
    by call: CallSlot,
    _ outbox: inout Outbox
  ) {
    guard case .reserved(let reservation) = agents[agent].engagement else { return }
    timers.disarm(reservation.timer)
    calls[reservation.owner].selectedAgent = nil
    engage(agent, in: .none)
    selected.removeAll { $0 == agent }
    reserve(agent, for: call)
    resume(call, .selected(.agent(agents.id(of: agent))), &outbox)
  }
}
