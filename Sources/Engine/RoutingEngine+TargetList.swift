// Lists of targets: one after the other where calls are bridged, all at once where they are
// redirected (RFC 3261 8.3: a 302 may name several contacts).
//
// Of a list that a strategy has returned, what is left to try is in the call's decider; of one that
// `call:route` was given, the strategy itself has it, and asks again with the rest. In a redirect
// nobody knows who of the named takes the call: it counts as sent to the first, and the agents at
// the others are left alone for as long as he is.

extension RoutingEngine {
  /// `call:route` with a list: the first place of it, or in a redirect all of them.
  mutating func route(
    _ call: CallSlot,
    along list: [Target],
    _ ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    guard let first = list.first, Target.misplaced(in: list) == nil else {
      throw StrategyMistake("call:route: this is no list of targets")
    }
    guard list.count <= plan.limits.targetsMax else {
      throw StrategyMistake("call:route: more than \(plan.limits.targetsMax) targets")
    }
    guard isRedirecting(call), first.canBeFollowed else {
      return try route(call, to: first, ringTimeout, &outbox)
    }
    if let failure = redirect(call, along: list, ringTimeout, &outbox) {
      resume(call, .failed(failure), &outbox)
    }
  }

  /// Tries what is left of the list that the strategy returned.
  mutating func pursueList(
    _ call: CallSlot,
    _ list: [Target],
    after failure: RouteFailure,
    _ outbox: inout Outbox
  ) {
    guard calls[call].attempts < plan.limits.attemptsMax else {
      return takeDefaultRoute(call, .attemptsExhausted, &outbox)
    }
    guard list.count <= plan.limits.targetsMax, Target.misplaced(in: list) == nil else {
      let mistake = "a list of more than \(plan.limits.targetsMax) targets, or none"
      return takeDefaultRoute(call, .strategyFailed(.error(mistake)), &outbox)
    }
    var failure = failure
    var rest = list[...]
    if isRedirecting(call), let first = list.first, first.canBeFollowed {
      rest = list.suffix(list.last.map { $0.canBeFollowed ? 0 : 1 } ?? 0)
      calls[call].decider = .target(.list(Array(rest)))
      guard let reason = redirect(call, along: list, nil, &outbox) else { return }
      failure = reason
    }
    while let target = rest.popFirst() {
      guard target.canBeFollowed else {
        calls[call].decider = target.isAnybody ? .anybody : .target(target)
        return pursueTarget(call, &outbox)
      }
      calls[call].decider = .target(.list(Array(rest)))
      guard let reason = tryListed(target, for: call, &outbox) else { return }
      failure = reason
    }
    takeDefaultRoute(call, .targetFailed(failure), &outbox)
  }

  /// Sends a call to one place of a list; returns why it cannot.
  private mutating func tryListed(
    _ target: Target,
    for call: CallSlot,
    _ outbox: inout Outbox
  ) -> RouteFailure? {
    guard case .agent(let id) = target else { return tryFixed(target, for: call, nil, &outbox) }
    switch reach(agents.slot(of: id), for: call) {
    case .success(let choice):
      send(call, to: choice, ringTimeout: nil, &outbox)
      return nil
    case .failure(let failure): return failure
    }
  }

  /// Tells the caller every place of the list that can be had; returns why none can.
  private mutating func redirect(
    _ call: CallSlot,
    along list: [Target],
    _ ringTimeout: Duration?,
    _ outbox: inout Outbox
  ) -> RouteFailure? {
    var failure = RouteFailure.unreachable
    var choices: [Choice] = []
    for target in list where target.canBeFollowed {
      switch reach(target, for: call) {
      case .success(let choice):
        if !choices.contains(where: { $0.hasSamePlace(as: choice) }) { choices.append(choice) }
      case .failure(let reason): failure = reason
      }
    }
    guard let first = choices.first else { return failure }
    if choices.count > 1 {
      let others = choices.dropFirst()
      let attempt = calls[call].attempts &+ 1
      let places = others.map { destination($0) }
      outbox.append(.alsoName(calls[call].attributes.connID, attempt: attempt, places))
      for case .agent(let agent, _) in others { leaveAlone(agent, afterRedirectOf: call) }
    }
    send(call, to: first, ringTimeout: ringTimeout, &outbox)
    return nil
  }

  /// Whether a place of a list can be had now.
  private func reach(_ target: Target, for call: CallSlot) -> Reach {
    switch target {
    case .agent(let id): return reach(agents.slot(of: id), for: call)
    case .trunk(let name, let number):
      guard plan.trunks.contains(name) else { return .failure(.noSuchTarget) }
      return .success(.trunk(name: name, number: number))
    case .dn(let dn):
      guard let index = dnIndex[dn], dns[Int(index)].kind == .extension else {
        return .failure(.noSuchTarget)
      }
      guard dns[Int(index)].isInService else { return .failure(.unreachable) }
      guard let agent = dns[Int(index)].agent else { return .success(.dn(index)) }
      guard calls[call].selectedAgent == agent || isFree(agent) else { return .failure(.busy) }
      return .success(.agent(agent, dn: index))
    case .queue, .queues, .any, .reject, .list: return .failure(.noSuchTarget)
    }
  }

  /// An agent whose place was named in a redirect may be about to be called.
  private mutating func leaveAlone(_ agent: AgentSlot, afterRedirectOf call: CallSlot) {
    guard case .routingPoint(let index) = calls[call].device else { return }
    let blackout = routingPoints[Int(index)].plan.redirectBlackout
    guard blackout > .zero else { return }
    startBlackout(of: agent, for: blackout)
    if agents[agent].isAvailable { agents.becomeUnavailable(agent) }
  }

  private func isRedirecting(_ call: CallSlot) -> Bool {
    guard case .routingPoint(let index) = calls[call].device else { return false }
    return routingPoints[Int(index)].plan.divert == .redirect
  }

  private func destination(_ choice: Choice) -> Destination {
    switch choice {
    case .agent(_, let index), .dn(let index): .dn(dns[Int(index)].dn)
    case .trunk(let name, let number): .trunk(name: name, number: number)
    }
  }
}

extension Choice {
  /// Whether both are the same DN, or the same number behind the same trunk.
  fileprivate func hasSamePlace(as other: Choice) -> Bool {
    switch (self, other) {
    case (.trunk(let name, let number), .trunk(let otherName, let otherNumber)):
      name == otherName && number == otherNumber
    case (.agent(_, let dn), .agent(_, let otherDN)), (.dn(let dn), .dn(let otherDN)),
      (.agent(_, let dn), .dn(let otherDN)), (.dn(let dn), .agent(_, let otherDN)):
      dn == otherDN
    case (.trunk, _), (_, .trunk): false
    }
  }
}
