internal import Engine

// What comes out of the engine, and what is wrong with it.
extension ProofWorld {
  mutating func observeSteps() {
    for (id, step) in shard.strategies.steps {
      let index = place(of: id)
      switch step {
      case .finished(let target):
        calls[index].said = target
        calls[index].route = nil
      case .failed: calls[index].route = nil
      case .requested(let request): observe(request, of: index)
      }
    }
  }

  private mutating func observe(_ request: StrategyRequest, of index: Int) {
    if case .route(let target, _) = request {
      calls[index].said = target
      calls[index].repeats = calls[index].route == target ? calls[index].repeats + 1 : 1
      calls[index].route = target
      if calls[index].repeats == Self.repeatsMax + 1 {
        let name = target.words
        find(.loop, ConnID(UInt64(index + 1)), "it routes to \(name) again and again")
      }
      return
    }
    if request.waits { calls[index].route = nil }
  }

  mutating func observe(_ event: Event) {
    switch event.kind {
    case .agentLogin: mode(of: event.agentID) { $0 == .loggedOut ? .notReady : $0 }
    case .agentLogout: mode(of: event.agentID) { _ in .loggedOut }
    case .agentReady: mode(of: event.agentID) { _ in .ready }
    case .agentNotReady: mode(of: event.agentID) { _ in .notReady }
    case .routeUsed: judgeRoute(event)
    case .queued: judgeQueue(event)
    case .error, .registered, .unregistered, .diverted, .abandoned, .ringing, .dialing,
      .destinationBusy, .established, .released, .held, .retrieved, .partyChanged, .routeRequest,
      .attachedDataChanged, .userEvent, .treatmentApplied, .treatmentNotApplied, .treatmentEnd,
      .dnOutOfService, .dnBackInService, .queueLogout:
      break
    }
  }

  private mutating func mode(of agent: AgentID?, _ change: (Mode) -> Mode) {
    guard let index = setup.cast.firstIndex(where: { $0.agent == agent }) else { return }
    modes[index] = change(modes[index])
  }

  /// A default route says why it was taken.
  private mutating func judgeRoute(_ event: Event) {
    guard event.routeType == .default, let call = event.call?.connID,
      let reason = event.reason("DEFAULT")
    else { return }
    let target = event.thirdPartyDN?.number ?? ""
    switch reason {
    case "error": find(.failed, call, event.reason("MESSAGE") ?? "error")
    case "no_target": find(.failed, call, "it ended without a target")
    case "instructions": find(.failed, call, "it used up its instructions")
    case "memory": find(.failed, call, "it used up its memory")
    case "no_such_strategy": find(.failed, call, "there is no such strategy")
    case "no_such_target":
      let said = calls[place(of: call)].said?.words ?? "its target"
      find(.failed, call, "there is no \(said)")
    case "steps": find(.loop, call, "it used up its requests")
    case "attempts": find(.loop, call, "it tried too many destinations")
    case "unreachable":
      if let dn = deadEnd(of: call) {
        find(.outOfService, call, "DN \(dn.number) is out of service")
      } else {
        find(.defaulted, call, "unreachable; the default route led to \(target)")
      }
    default: find(.defaulted, call, "\(reason); the default route led to \(target)")
    }
  }

  /// The DN out of service that the strategy named as its last word within this signal.
  private func deadEnd(of call: ConnID) -> DN? {
    for (id, step) in shard.strategies.steps where id == call {
      guard case .finished(.dn(let dn)) = step else { continue }
      if let index = setup.dns.firstIndex(of: dn) { return dnsInService[index] ? nil : dn }
      if let index = setup.cast.firstIndex(where: { $0.dn == dn }) {
        return agentsInService[index] ? nil : dn
      }
      return setup.steadyDNs.contains(dn) ? nil : dn
    }
    return nil
  }

  private mutating func judgeQueue(_ event: Event) {
    guard let call = event.call?.connID, event.thisDN != setup.place else { return }
    calls[place(of: call)].isSettled = true
    // One queue of several is enough.
    let queues: [DN] =
      if case .queues(let list) = calls[place(of: call)].said { list } else { [event.thisDN] }
    guard !queues.contains(where: { shard.isAttended($0) }) else { return }
    let name = queues.map(\.number).joined(separator: " and ")
    find(.unattended, call, "nobody who serves queue \(name) is logged in")
  }

  mutating func observe(_ command: LineCommand) {
    switch command {
    case .divert(let call, let attempt, _, _):
      calls[place(of: call)].attempt = attempt
      calls[place(of: call)].isRinging = false
      calls[place(of: call)].treatment = nil
    case .cancelDiversion(let call, _, _): calls[place(of: call)].attempt = nil
    case .reject(let call, let status):
      calls[place(of: call)].isAlive = false
      if case .reject = calls[place(of: call)].said { return }
      find(.lost, call, "it was refused with \(status)")
    case .release(let call):
      calls[place(of: call)].isAlive = false
      find(.lost, call, "it was dropped")
    case .applyTreatment(let call, let number, let what):
      calls[place(of: call)].treatment = number
      calls[place(of: call)].isContinuous = what.isContinuous
    case .readHeader(let call, _): calls[place(of: call)].readsHeader = true
    case .queued, .dequeued, .transfer, .alsoName: break
    }
  }
}

extension StrategyRequest {
  /// Whether time may pass until its answer.
  fileprivate var waits: Bool {
    switch self {
    case .select, .wait, .treat: true
    case .route, .priority, .attach, .note, .exclude, .availableAgents, .loggedInAgents,
      .queueWaiting, .queueOldestWait, .queueExpectedWait, .random, .share, .header, .state,
      .setState, .keepPlace, .takePlace:
      false
    }
  }
}

extension Target {
  /// The target as a strategy writes it.
  package var words: String {
    switch self {
    case .dn(let dn): "dn \"\(dn.number)\""
    case .agent(let agent): "agent \"\(agent.text)\""
    case .queue(let dn): "queue \"\(dn.number)\""
    case .queues(let list): list.map { "queue \"\($0.number)\"" }.joined(separator: " and ")
    case .any(let filter):
      filter == .none ? "ANY" : "any { \(filter.skills ?? filter.group ?? "…") }"
    case .trunk(let name, let number): "trunk(\"\(name)\", \"\(number)\")"
    case .reject(let status): "reject(\(status))"
    case .list(let list): list.map(\.words).joined(separator: ", then ")
    }
  }
}
