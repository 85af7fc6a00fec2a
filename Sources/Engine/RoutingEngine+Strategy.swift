// What a strategy asked for. Every request is checked here; a strategy can do nothing to a call
// that is not in this file and in those of selection and routing beside it.

extension RoutingEngine {
  mutating func handle(
    _ step: consuming StrategyStep,
    _ trace: StrategyTrace,
    of connID: ConnID,
    _ outbox: inout Outbox
  ) {
    guard let call = calls.slot(of: connID), case .strategy = calls[call].decider,
      case .consulting = calls[call].state
    else { return }
    // What most strategies say, and what costs nothing to take in.
    if step.isAnybody, !decisions.isKept {
      pursueAnybody(returnedBy: call, &outbox)
      return
    }
    record(step, trace, of: call)
    switch consume step {
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
      leaveGeneration(call)
      if calls[call].selectedAgent != nil { releaseSelectionUnless(target, of: call, &outbox) }
      guard let target else {
        calls[call].decider = .nobody
        takeDefaultRoute(call, .noTarget, &outbox)
        return
      }
      calls[call].decider = target.isAnybody ? .anybody : .target(target)
      pursueTarget(call, &outbox)
    case .failed(let failure):
      leaveGeneration(call)
      calls[call].decider = .nobody
      takeDefaultRoute(call, .strategyFailed(failure), &outbox)
    }
  }

  /// A strategy returned `ANY`.
  private mutating func pursueAnybody(returnedBy call: CallSlot, _ outbox: inout Outbox) {
    let timer = generations.leave(calls[call].endRun(.anybody))
    if let timer { timers.disarm(timer) }
    if calls[call].selectedAgent != nil { releaseSelection(of: call, &outbox) }
    pursueTarget(call, &outbox)
  }

  /// Answers a strategy; it runs on within this signal.
  mutating func resume(_ call: CallSlot, _ answer: StrategyAnswer, _ outbox: inout Outbox) {
    calls[call].state = .consulting
    record(.answered(answer), of: call)
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
    case .treat(let treatment): treat(call, treatment, &outbox)
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
      resume(call, .count(try count(filter).available), &outbox)
    case .loggedInAgents(let filter):
      resume(call, .count(try count(filter).loggedIn), &outbox)
    case .queueWaiting(let dn):
      resume(call, .count(Int64(queues[Int(try queueIndex(dn))].line.count)), &outbox)
    case .queueOldestWait(let dn):
      resume(call, .duration(oldestWait(ofQueue: try queueIndex(dn))), &outbox)
    case .queueExpectedWait(let dn):
      let index = try queueIndex(dn)
      guard !queues[Int(index)].isVirtual else {
        throw StrategyMistake("queue \"\(dn.number)\" is virtual: it has no agents to expect")
      }
      resume(call, .expectedWait(expectedWait(ofQueue: index)), &outbox)
    case .random: resume(call, .bits(random.next()), &outbox)
    case .share(let parts): try share(parts, for: call, &outbox)
    case .state(let key):
      resume(call, .value(states.value(of: key, in: strategyName(of: call))), &outbox)
    case .setState(let key, let value): try setState(key, value, for: call, &outbox)
    case .keepPlace(let key, let duration): try keepPlace(key, duration, of: call, &outbox)
    case .takePlace(let key): takePlace(key, for: call, &outbox)
    }
  }

  mutating func headerArrived(_ connID: ConnID, _ value: String?, _ outbox: inout Outbox) {
    guard let call = calls.slot(of: connID), case .readingHeader = calls[call].state
    else { return }
    resume(call, .text(value), &outbox)
  }

  func oldestWait(ofQueue index: Int32) -> Duration {
    let front = queues[Int(index)].line.front
    return front < 0 ? .zero : now - calls[waiting.entries[front].call].waitingSince
  }

  func queueIndex(_ dn: DN) throws(StrategyMistake) -> Int32 {
    guard let index = dnIndex[dn], case .queue(let queue) = dns[Int(index)].kind else {
      throw StrategyMistake("there is no queue \"\(dn.number)\"")
    }
    return queue
  }

  private mutating func count(
    _ filter: AgentFilter
  ) throws(StrategyMistake) -> (loggedIn: Int64, available: Int64) {
    let bit = try groupBit(of: filter)
    let counts = agents.counts(of: bit)
    var loggedIn = Int64(counts.loggedIn)
    var available = Int64(counts.available)
    // Few are excluded by name: they are taken off one by one.
    var seen: [AgentSlot] = []
    let byDN = filter.excludedDNs.compactMap { dnIndex[$0].flatMap { dns[Int($0)].agent } }
    for agent in filter.excludedAgents.compactMap({ agents.slot(of: $0) }) + byDN
    where !seen.contains(agent) && agents.belongs(agent, to: bit) {
      seen.append(agent)
      if agents[agent].dn >= 0 { loggedIn -= 1 }
      if agents[agent].isAvailable { available -= 1 }
    }
    return (loggedIn, available)
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
    guard
      calls[call].excludedAgents.count + calls[call].excludedDNs.count
        < plan.limits.exclusionsMax
    else {
      throw StrategyMistake("call:exclude: more than \(plan.limits.exclusionsMax) exclusions")
    }
    switch target {
    case .dn(let dn): calls[call].excludedDNs.append(dn)
    case .agent(let id):
      guard let agent = agents.slot(of: id) else {
        throw StrategyMistake("there is no agent \"\(id.text)\"")
      }
      calls[call].excludedAgents.append(agent)
    case .queue, .queues, .any, .trunk, .reject, .list:
      throw StrategyMistake("call:exclude takes an agent or a dn")
    }
    resume(call, .done, &outbox)
  }
}
