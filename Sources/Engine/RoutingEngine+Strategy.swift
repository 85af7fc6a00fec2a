// What a strategy asked for. Every request is checked here; a strategy can do nothing to a call
// that is not in this file.

extension RoutingEngine {
  mutating func handle(_ step: StrategyStep, of connID: ConnID, _ outbox: inout Outbox) {
    guard let call = calls.slot(of: connID), case .strategy = calls[call].decider,
      case .consulting = calls[call].state
    else { return }
    switch step {
    case .requested(let request):
      calls[call].strategySteps += 1
      calls[call].strategyStepsAtOnce += 1
      guard calls[call].strategySteps <= plan.limits.strategyStepsMax,
        calls[call].strategyStepsAtOnce <= plan.limits.strategyStepsAtOnceMax
      else {
        takeDefaultRoute(call, .strategyFailed(.steps), &outbox)
        return
      }
      do {
        try serve(request, of: call, &outbox)
      } catch {
        resume(call, .invalid(error.message), &outbox)
      }
    case .finished(let target):
      releaseSelectionUnless(target, of: call, &outbox)
      guard let target else {
        calls[call].decider = .nobody
        takeDefaultRoute(call, .noTarget, &outbox)
        return
      }
      calls[call].decider = .target(target)
      pursueTarget(call, &outbox)
    case .failed(let failure):
      calls[call].decider = .nobody
      takeDefaultRoute(call, .strategyFailed(failure), &outbox)
    }
  }

  /// Answers a strategy; it runs on within this signal.
  mutating func resume(_ call: CallSlot, _ answer: StrategyAnswer, _ outbox: inout Outbox) {
    calls[call].state = .consulting
    outbox.append(.resume(calls[call].attributes.connID, answer, context(of: call)))
  }

  private mutating func serve(
    _ request: StrategyRequest,
    of call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    switch request {
    case .select(let selection): try select(selection, for: call, &outbox)
    case .route(let target, let ringTimeout): try route(call, to: target, ringTimeout, &outbox)
    case .wait(let duration):
      calls[call].state = .pausing
      calls[call].waitTimer = timers.arm(.strategyWait(call), at: now + duration)
    case .priority(let priority):
      calls[call].priority = priority
      resume(call, .done, &outbox)
    case .attach(let pairs): try attach(pairs, to: call, &outbox)
    case .note(let text):
      if calls[call].notes.count < plan.limits.notesMax { calls[call].notes.append(text) }
      resume(call, .done, &outbox)
    case .exclude(let target): try exclude(target, for: call, &outbox)
    case .header(let name):
      calls[call].state = .readingHeader
      outbox.append(.readHeader(calls[call].attributes.connID, name))
    case .availableAgents(let filter):
      resume(call, .count(try countAgents(filter, available: true)), &outbox)
    case .loggedInAgents(let filter):
      resume(call, .count(try countAgents(filter, available: false)), &outbox)
    case .queueWaiting(let dn):
      resume(call, .count(Int64(queues[Int(try queueIndex(dn))].line.count)), &outbox)
    case .queueOldestWait(let dn):
      let front = queues[Int(try queueIndex(dn))].line.front
      let wait = front.map { now - calls[$0].waitingSince } ?? .zero
      resume(call, .duration(wait), &outbox)
    case .queueExpectedWait, .treat: throw StrategyMistake("not available yet")
    case .random: resume(call, .bits(random.next()), &outbox)
    }
  }

  mutating func headerArrived(_ connID: ConnID, _ value: String?, _ outbox: inout Outbox) {
    guard let call = calls.slot(of: connID), case .readingHeader = calls[call].state
    else { return }
    resume(call, .text(value), &outbox)
  }

  private func queueIndex(_ dn: DN) throws(StrategyMistake) -> Int32 {
    guard let index = dnIndex[dn], case .queue(let queue) = dns[Int(index)].kind else {
      throw StrategyMistake("there is no queue \"\(dn.number)\"")
    }
    return queue
  }

  private mutating func countAgents(
    _ filter: AgentFilter,
    available: Bool
  ) throws(StrategyMistake) -> Int64 {
    let resolved = try resolve(filter)
    var count: Int64 = 0
    for index in agents.indices {
      let agent = AgentSlot(index: index)
      guard agents[agent].dn != nil, !available || agents[agent].isAvailable else { continue }
      if passes(agent, resolved) { count += 1 }
    }
    return count
  }

  private mutating func attach(
    _ pairs: [KeyValue],
    to call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    var userData = calls[call].userData
    for pair in pairs { userData.attach(pair) }
    guard userData.byteCount <= plan.limits.userDataBytesMax else {
      throw StrategyMistake(
        "call:attach: user data would exceed \(plan.limits.userDataBytesMax) bytes"
      )
    }
    calls[call].userData = userData
    var event = deviceEvent(.attachedDataChanged, call)
    event.userData = userData
    emit(event, &outbox)
    resume(call, .done, &outbox)
  }

  private mutating func exclude(
    _ target: Target,
    for call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    switch target {
    case .dn(let dn): calls[call].excludedDNs.append(dn)
    case .agent(let id):
      guard let agent = agents.slot(of: id) else {
        throw StrategyMistake("there is no agent \"\(id.text)\"")
      }
      calls[call].excludedAgents.append(agent)
    case .queue, .queues, .any, .trunk, .reject:
      throw StrategyMistake("call:exclude takes an agent or a dn")
    }
    resume(call, .done, &outbox)
  }

  // MARK: Selection

  private mutating func select(
    _ selection: Selection,
    for call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    guard selection.targets.count <= plan.limits.targetsMax else {
      throw StrategyMistake("call:select: more than \(plan.limits.targetsMax) targets")
    }
    var targets: [ResolvedTarget] = []
    for target in selection.targets { targets.append(try resolveWaitable(target)) }
    if let priority = selection.priority { calls[call].priority = priority }
    releaseSelection(of: call, &outbox)
    if let choice = choose(targets, for: call) {
      take(choice, for: call, &outbox)
      return
    }
    if let timeout = selection.timeout {
      guard timeout > .zero else {
        resume(call, .failed(.timeout), &outbox)
        return
      }
      calls[call].waitTimer = timers.arm(.strategyWait(call), at: now + timeout)
    }
    wait(call, for: targets)
  }

  private mutating func wait(_ call: CallSlot, for targets: [ResolvedTarget]) {
    calls[call].state = .selecting(targets)
    selectors.enter(call, in: &calls)
  }

  private mutating func resolveWaitable(
    _ target: Target
  ) throws(StrategyMistake) -> ResolvedTarget {
    switch target {
    case .any(let filter): return .any(try resolve(filter))
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
    case .queue, .queues:
      throw StrategyMistake("call:select cannot wait for a queue; return it or route to it")
    case .reject:
      throw StrategyMistake("call:select cannot wait for a refusal; return it")
    }
  }

  /// A waiting call gets what it waited for: a strategy gets it reserved, otherwise the call goes.
  mutating func take(_ choice: Choice, for call: CallSlot, _ outbox: inout Outbox) {
    timers.disarm(calls[call].waitTimer)
    calls[call].waitTimer = nil
    guard case .strategy = calls[call].decider else {
      send(call, to: choice, ringTimeout: nil, &outbox)
      return
    }
    switch choice {
    case .agent(let agent):
      engage(agent, with: call, .selected)
      let expires = now + plan.limits.reservationExpiry
      let timer = timers.arm(.reservation(agent), at: expires)
      let reservation = Reservation(
        owner: call,
        reason: .selected,
        expires: expires,
        timer: timer
      )
      engage(agent, in: .reserved(reservation))
      calls[call].selectedAgent = agent
      resume(call, .selected(.agent(agents[agent].plan.id)), &outbox)
    case .dn(let index): resume(call, .selected(.dn(dns[Int(index)].dn)), &outbox)
    case .trunk(let name, let number):
      resume(call, .selected(.trunk(name: name, number: number)), &outbox)
    }
  }

  /// Gives back the agent whom a selection reserved, so that others may have him.
  mutating func releaseSelection(of call: CallSlot, _ outbox: inout Outbox) {
    guard let agent = calls[call].selectedAgent else { return }
    calls[call].selectedAgent = nil
    timers.disarm(freeReservation(of: agent))
    updateAvailability(of: agent, &outbox)
  }

  /// Keeps the selected agent if the call goes to him, by his id or by his DN.
  private mutating func releaseSelectionUnless(
    _ target: Target?,
    of call: CallSlot,
    _ outbox: inout Outbox
  ) {
    guard let agent = calls[call].selectedAgent else { return }
    switch target {
    case .agent(let id): if agents[agent].plan.id == id { return }
    case .dn(let dn): if let at = agents[agent].dn, dns[Int(at)].dn == dn { return }
    case .queue, .queues, .any, .trunk, .reject, nil: break
    }
    releaseSelection(of: call, &outbox)
  }

  // MARK: Routing

  /// `call:route`: sends the call there at once, or says why not.
  private mutating func route(
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
      if let choice = choose([.any(resolved)], for: call) {
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
    }
  }

  /// Whether an agent can be sent this call now; the call's own reservation of him counts.
  private func reach(_ agent: AgentSlot?, for call: CallSlot) -> Reach {
    guard let agent else { return .failure(.noSuchTarget) }
    guard let dn = agents[agent].dn, dns[Int(dn)].isInService else {
      return .failure(.unreachable)
    }
    if calls[call].selectedAgent == agent || agents[agent].isAvailable {
      return .success(.agent(agent))
    }
    return .failure(.busy)
  }

  /// Sends a call to a DN, a queue, a trunk or away.
  ///
  /// Returns why it cannot.
  private mutating func tryFixed(
    _ target: Target,
    for call: CallSlot,
    _ ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) -> RouteFailure? {
    switch target {
    case .dn(let dn):
      guard let index = dnIndex[dn] else { return .noSuchTarget }
      switch dns[Int(index)].kind {
      case .queue: return tryFixed(.queue(dn), for: call, ringTimeout, &outbox)
      case .routingPoint: return .noSuchTarget
      case .extension: break
      }
      guard dns[Int(index)].isInService else { return .unreachable }
      guard let agent = dns[Int(index)].agent else {
        send(call, to: .dn(index), ringTimeout: ringTimeout, &outbox)
        return nil
      }
      guard calls[call].selectedAgent == agent || isFree(agent) else { return .busy }
      send(call, to: .agent(agent), ringTimeout: ringTimeout, &outbox)
      return nil
    case .queue(let dn):
      guard let index = dnIndex[dn], case .queue(let queue) = dns[Int(index)].kind else {
        return .noSuchTarget
      }
      guard queues[Int(queue)].line.count < plan.limits.queueLengthMax else { return .busy }
      leaveRoutingPoint(call, to: dn, &outbox)
      enterQueue(call, queue, &outbox)
      return nil
    case .trunk(let name, let number):
      guard plan.trunks.contains(name) else { return .noSuchTarget }
      send(call, to: .trunk(name: name, number: number), ringTimeout: ringTimeout, &outbox)
      return nil
    case .reject(let status):
      reject(call, status, &outbox)
      return nil
    case .any, .agent, .queues: return .noSuchTarget
    }
  }

  /// Whether nobody else has this agent; readiness is not asked, a DN may be rung all the same.
  private func isFree(_ agent: AgentSlot) -> Bool {
    if case .none = agents[agent].engagement { return true }
    return false
  }

  private mutating func send(
    _ call: CallSlot,
    to choice: Choice,
    ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) {
    var timeout = ringTimeout ?? plan.limits.ringTimeout
    if ringTimeout == nil, case .routingPoint(let index) = calls[call].device {
      timeout = routingPoints[Int(index)].plan.ringTimeout
    }
    switch choice {
    case .agent(let agent):
      guard let dn = agents[agent].dn else { preconditionFailure("a chosen agent has a DN") }
      let destination = Destination.dn(dns[Int(dn)].dn)
      divert(call, to: destination, agent: agent, ringTimeout: timeout, &outbox)
    case .dn(let index):
      let destination = Destination.dn(dns[Int(index)].dn)
      divert(call, to: destination, agent: nil, ringTimeout: timeout, &outbox)
    case .trunk(let name, let number):
      let destination = Destination.trunk(name: name, number: number)
      divert(call, to: destination, agent: nil, ringTimeout: timeout, &outbox)
    }
  }

  /// The strategy returned a target; its run is over and the engine sees to the rest.
  mutating func pursueTarget(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .target(let target) = calls[call].decider else { return }
    guard calls[call].attempts < plan.limits.attemptsMax else {
      takeDefaultRoute(call, .attemptsExhausted, &outbox)
      return
    }
    switch target {
    case .any, .agent:
      if case .agent(let id) = target, let agent = calls[call].selectedAgent,
        agents[agent].plan.id == id
      {
        if case .success(let choice) = reach(agent, for: call) {
          send(call, to: choice, ringTimeout: nil, &outbox)
          return
        }
        releaseSelection(of: call, &outbox)
      }
      do {
        let targets = [try resolveWaitable(target)]
        if let choice = choose(targets, for: call) {
          send(call, to: choice, ringTimeout: nil, &outbox)
        } else {
          wait(call, for: targets)
        }
      } catch {
        takeDefaultRoute(call, .strategyFailed(.error(error.message)), &outbox)
      }
    case .dn, .queue, .queues, .trunk, .reject:
      if let failure = tryFixed(target, for: call, nil, &outbox) {
        takeDefaultRoute(call, .targetFailed(failure), &outbox)
      }
    }
  }

  /// The call leaves its routing point for good.
  private mutating func leaveRoutingPoint(_ call: CallSlot, to dn: DN, _ outbox: inout Outbox) {
    emitRouteUsed(call, to: dn, rejecting: false, &outbox)
    emitDiverted(call, to: dn, &outbox)
    endStrategy(of: call, &outbox)
    calls[call].decider = .nobody
    releaseSelection(of: call, &outbox)
  }

  /// Forgets the strategy's run, if it is alive, and the routing point's timers.
  mutating func endStrategy(of call: CallSlot, _ outbox: inout Outbox) {
    timers.disarm(calls[call].routingPointTimer)
    timers.disarm(calls[call].waitTimer)
    calls[call].routingPointTimer = nil
    calls[call].waitTimer = nil
    if case .strategy = calls[call].decider {
      outbox.append(.cancel(calls[call].attributes.connID))
    }
  }

  private mutating func reject(_ call: CallSlot, _ status: UInt16, _ outbox: inout Outbox) {
    emitRouteUsed(call, to: nil, rejecting: true, &outbox)
    var event = deviceEvent(.released, call)
    event.callState = .dropped
    emit(event, &outbox)
    outbox.append(.reject(calls[call].attributes.connID, status: status))
    end(call, &outbox)
  }

  // MARK: Default route

  /// The call goes to the first place of the default route that takes it (DOMAIN 2.5).
  mutating func takeDefaultRoute(
    _ call: CallSlot,
    _ reason: DefaultReason,
    _ outbox: inout Outbox
  ) {
    if case .selecting = calls[call].state { selectors.leave(call, in: &calls) }
    endStrategy(of: call, &outbox)
    calls[call].state = .consulting
    calls[call].decider = .defaults(reason, next: 0)
    calls[call].isOverdue = false
    releaseSelection(of: call, &outbox)
    pursueDefaults(call, &outbox)
  }

  mutating func pursueDefaults(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .defaults(let reason, var next) = calls[call].decider,
      case .routingPoint(let index) = calls[call].device
    else { return }
    let targets = routingPoints[Int(index)].plan.defaults
    while next < targets.count {
      let target = targets[next]
      next += 1
      calls[call].decider = .defaults(reason, next: next)
      switch target {
      case .any, .agent:
        if let resolved = try? resolveWaitable(target), let choice = choose([resolved], for: call) {
          send(call, to: choice, ringTimeout: nil, &outbox)
          return
        }
      case .dn(let dn) where calls[call].tried.contains(dn): continue
      case .trunk(_, let number) where calls[call].tried.contains(DN(number)): continue
      case .dn, .queue, .queues, .trunk, .reject:
        if tryFixed(target, for: call, nil, &outbox) == nil { return }
      }
    }
    reject(call, 480, &outbox)
  }
}

/// Whether a target can be had, and if not why.
private enum Reach {
  case success(Choice)
  case failure(RouteFailure)
}
