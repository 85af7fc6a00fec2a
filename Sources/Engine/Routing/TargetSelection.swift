// How a target is found among those that are available.

/// Something that a selection can wait for, with its names looked up.
enum ResolvedTarget: Sendable, Codable {
  /// Any member of a group, by its bit.
  case group(Int32)
  /// The same, except these.
  case groupExcept(Int32, excludedAgents: [AgentSlot], excludedDNs: [DN])
  case agent(AgentSlot)
  case dn(Int32)
  case trunk(name: String, number: String)
}

extension ResolvedTarget {
  /// The bit of its group, if it is one.
  var bit: Int32? {
    switch self {
    case .group(let bit), .groupExcept(let bit, _, _): bit
    case .agent, .dn, .trunk: nil
    }
  }
}

/// What a selection found.
enum Choice: Sendable {
  /// An agent, at this DN of his.
  case agent(AgentSlot, dn: Int32)
  case dn(Int32)
  case trunk(name: String, number: String)
}

/// A request that makes no sense; raised as an error at the line that made it.
struct StrategyMistake: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

extension RoutingEngine {
  /// The bit of a filter.
  ///
  /// - Throws: The sentence that the strategy gets to read.
  mutating func groupBit(of filter: AgentFilter) throws(StrategyMistake) -> Int32 {
    let words = agents.membership.words
    do {
      let limit = plan.limits.skillExpressionsMax
      let bit = try agents.bit(of: filter, limit: limit)
      if agents.membership.words > words { waiting.widen(to: agents.membership.words) }
      return bit
    } catch {
      throw StrategyMistake(error.message(filter, limit: plan.limits.skillExpressionsMax))
    }
  }

  mutating func resolve(_ filter: AgentFilter) throws(StrategyMistake) -> ResolvedTarget {
    let bit = try groupBit(of: filter)
    if filter.excludedAgents.isEmpty, filter.excludedDNs.isEmpty {
      return .group(bit)
    }
    let excluded = filter.excludedAgents.compactMap { agents.slot(of: $0) }
    return .groupExcept(bit, excludedAgents: excluded, excludedDNs: filter.excludedDNs)
  }

  // MARK: Who may be offered

  /// The DN at which an agent can be reached now: his own, or the first of his place in service.
  @inline(__always)
  func deliveryDN(of agent: AgentSlot) -> Int32? {
    let dn = agents[agent].dn
    guard dn >= 0 else { return nil }
    if dns[Int(dn)].isInService { return dn }
    guard agents[agent].place >= 0 else { return nil }
    for other in placeDNs[Int(agents[agent].place)] where dns[Int(other)].isInService {
      return other
    }
    return nil
  }

  /// Whether a call may be offered at a DN: never the caller's own, never one tried already, never
  /// an excluded one (DOMAIN, decision 1).
  @inline(__always)
  func mayBeOffered(_ call: CallSlot, at dn: Int32) -> Bool {
    if calls[call].origin == dn || calls[call].tried.contains(dn) { return false }
    if isCallersOwn(dn, call) { return false }
    return calls[call].excludedDNs.isEmpty
      || !calls[call].excludedDNs.contains(dns[Int(dn)].dn)
  }

  @inline(__always)
  func mayBeOffered(_ call: CallSlot, to agent: AgentSlot) -> Bool {
    guard let dn = deliveryDN(of: agent) else { return false }
    return mayBeOffered(call, to: agent, at: dn)
  }

  /// The same of an agent whose DN is known.
  @inline(__always)
  private func mayBeOffered(_ call: CallSlot, to agent: AgentSlot, at dn: Int32) -> Bool {
    guard mayBeOffered(call, at: dn) else { return false }
    return calls[call].excludedAgents.isEmpty || !calls[call].excludedAgents.contains(agent)
  }

  /// In a queue only the caller's own DN is barred: an agent who did not answer is not ready, and
  /// may have the call again once he is.
  @inline(__always)
  func mayServeQueue(_ agent: AgentSlot, _ call: CallSlot) -> Bool {
    guard let dn = deliveryDN(of: agent) else { return false }
    return !isCallersOwn(dn, call)
  }

  @inline(__always)
  private func isCallersOwn(_ dn: Int32, _ call: CallSlot) -> Bool {
    !calls[call].attributes.ani.isEmpty
      && dns[Int(dn)].dn.number == calls[call].attributes.ani
  }

  @inline(__always)
  private func passes(
    _ agent: AgentSlot,
    _ bit: Int32,
    _ excludedAgents: [AgentSlot],
    _ excludedDNs: [DN]
  ) -> Bool {
    guard agents.belongs(agent, to: bit) else { return false }
    if excludedAgents.contains(agent) { return false }
    guard !excludedDNs.isEmpty, let dn = deliveryDN(of: agent) else { return true }
    return !excludedDNs.contains(dns[Int(dn)].dn)
  }

  /// Where a waiting selection would be served by an agent; nil when he is none of its targets.
  @inline(__always)
  func place(of agent: AgentSlot, for call: CallSlot) -> Int32? {
    // Most wait for one group: their list is not copied.
    guard calls[call].targets.count == 1, case .group(let bit) = calls[call].targets[0] else {
      return place(of: agent, among: calls[call].targets, for: call)
    }
    return place(of: agent, in: bit, for: call)
  }

  @inline(__always)
  private func place(of agent: AgentSlot, in group: Int32, for call: CallSlot) -> Int32? {
    guard let dn = deliveryDN(of: agent), agents.belongs(agent, to: group),
      mayBeOffered(call, to: agent, at: dn)
    else { return nil }
    return dn
  }

  @inline(__always)
  private func place(of agent: AgentSlot, among targets: [ResolvedTarget], for call: CallSlot)
    -> Int32?
  {
    for target in targets {
      switch target {
      case .group(let bit):
        if let dn = place(of: agent, in: bit, for: call) { return dn }
      case .groupExcept(let bit, let excludedAgents, let excludedDNs):
        guard let dn = deliveryDN(of: agent), mayBeOffered(call, to: agent),
          passes(agent, bit, excludedAgents, excludedDNs)
        else { continue }
        return dn
      case .agent(let wanted):
        guard wanted == agent, mayBeOffered(call, to: agent) else { continue }
        return deliveryDN(of: agent)
      case .dn(let wanted):
        guard dns[Int(wanted)].agent == agent, dns[Int(wanted)].isInService,
          mayBeOffered(call, at: wanted)
        else { continue }
        return wanted
      case .trunk: continue
      }
    }
    return nil
  }

  // MARK: Choosing

  /// The target that a call gets now, by a rule, if one can be had.
  ///
  /// All agents that the targets name are candidates together; DNs without an agent and trunks come
  /// after them, in the order of the list. `priority_list` takes the targets one by one.
  mutating func choose(
    _ targets: [ResolvedTarget],
    by rule: SelectionRule,
    for call: CallSlot
  ) -> Choice? {
    if rule == .priorityList || targets.count == 1 {
      for target in targets {
        if let choice = choose(target, by: rule, for: call) { return choice }
      }
      return nil
    }
    if let choice = chooseAgent(among: targets, by: rule, for: call) { return choice }
    for target in targets {
      switch target {
      case .group, .groupExcept, .agent: continue
      case .dn, .trunk: if let choice = choose(target, by: rule, for: call) { return choice }
      }
    }
    return nil
  }

  mutating func choose(
    _ target: ResolvedTarget,
    by rule: SelectionRule,
    for call: CallSlot
  ) -> Choice? {
    switch target {
    case .group(let bit):
      guard let agent = search(OneBit(bit), by: rule, turnOf: bit, for: call, .free),
        let dn = deliveryDN(of: agent)
      else { return nil }
      return .agent(agent, dn: dn)
    case .groupExcept(let bit, let excludedAgents, let excludedDNs):
      let condition = Condition.passing(excludedAgents, excludedDNs)
      guard let agent = search(OneBit(bit), by: rule, turnOf: bit, for: call, condition),
        let dn = deliveryDN(of: agent)
      else { return nil }
      return .agent(agent, dn: dn)
    case .agent(let agent):
      guard agents[agent].isAvailable, mayBeOffered(call, to: agent),
        let dn = deliveryDN(of: agent)
      else { return nil }
      return .agent(agent, dn: dn)
    case .dn(let index):
      guard dns[Int(index)].isInService, mayBeOffered(call, at: index) else { return nil }
      // With an agent there, it is he who must be available: that is also what wakes those who
      // wait for it, so nobody who comes later is served before them.
      guard let agent = dns[Int(index)].agent else { return .dn(index) }
      return agents[agent].isAvailable ? .agent(agent, dn: index) : nil
    case .trunk(let name, let number):
      return .trunk(name: name, number: number)
    }
  }

  /// The best agent among all that the targets name.
  private mutating func chooseAgent(
    among targets: [ResolvedTarget],
    by rule: SelectionRule,
    for call: CallSlot
  ) -> Choice? {
    waiting.row.clear(0)
    var turn = AgentTable.everybody
    for target in targets {
      guard let bit = target.bit else { continue }
      waiting.row.set(bit, 0)
      turn = bit
    }
    let question = CommonBit(waiting.row, 0)
    let condition = Condition.among(targets)
    var best = search(question, by: rule, turnOf: turn, for: call, condition)
    for target in targets {
      var named: AgentSlot?
      switch target {
      case .agent(let agent): named = agent
      case .dn(let index): named = dns[Int(index)].agent
      case .group, .groupExcept, .trunk: break
      }
      guard let named, agents[named].isAvailable, meets(condition, named, call) else { continue }
      if let present = best,
        agents.rank(of: present, by: rule) < agents.rank(of: named, by: rule)
      {
        continue
      }
      best = named
    }
    guard let best, let dn = place(of: best, among: targets, for: call) else { return nil }
    return .agent(best, dn: dn)
  }

  /// What an available agent must meet besides his bits.
  enum Condition {
    /// He serves the queue in which the call waits.
    case serving
    /// He may be offered the call, nothing more.
    case free
    /// He passes a filter.
    case passing([AgentSlot], [DN])
    /// He is one of these targets.
    case among([ResolvedTarget])
  }

  private func meets(_ condition: Condition, _ agent: AgentSlot, _ call: CallSlot) -> Bool {
    switch condition {
    case .serving: return mayServeQueue(agent, call)
    case .free: return mayBeOffered(call, to: agent)
    case .passing(let excludedAgents, let excludedDNs):
      guard mayBeOffered(call, to: agent), !excludedAgents.contains(agent) else { return false }
      guard !excludedDNs.isEmpty, let dn = deliveryDN(of: agent) else { return true }
      return !excludedDNs.contains(dns[Int(dn)].dn)
    case .among(let targets): return place(of: agent, among: targets, for: call) != nil
    }
  }

  /// Finds an available agent by his bits, a rule and a condition.
  ///
  /// **Complexity**: logarithmic in the number of agents, times those whom the condition refuses.
  mutating func search(
    _ question: some BitQuestion,
    by rule: SelectionRule,
    turnOf bit: Int32,
    for call: CallSlot,
    _ condition: Condition
  ) -> AgentSlot? {
    guard agents.availableCount > 0 else { return nil }
    agents.keepIndex(for: rule, at: now)
    switch rule {
    case .longestIdle, .leastOccupied, .fewestCalls, .priorityList:
      var candidate = agents.first(question, by: rule)
      while let agent = candidate {
        if meets(condition, agent, call) { return agent }
        candidate = agents.next(after: agent, question, by: rule)
      }
      return nil
    case .roundRobin:
      let start = agents.groups[Int(bit)].lastChosen + 1
      let agent = searchAround(from: start, question, for: call, condition)
      if let agent { agents.remember(agent, turnOf: bit) }
      return agent
    case .random:
      // Uniform as long as one of these draws hits; then the next one from a drawn place on.
      let count = UInt64(agents.indices.count)
      for _ in 0..<16 {
        let agent = AgentSlot(index: Int32(random.next(below: count)))
        if agents[agent].isAvailable, question.isMet(by: agents.membership, agent.index),
          meets(condition, agent, call)
        {
          return agent
        }
      }
      let start = Int32(random.next(below: count))
      return searchAround(from: start, question, for: call, condition)
    }
  }

  private mutating func searchAround(
    from start: Int32,
    _ question: some BitQuestion,
    for call: CallSlot,
    _ condition: Condition
  ) -> AgentSlot? {
    var candidate = agents.first(from: start, question)
    while let agent = candidate {
      if meets(condition, agent, call) { return agent }
      candidate = agents.next(after: agent, question, by: .roundRobin)
    }
    candidate = agents.first(from: 0, question)
    while let agent = candidate, agent.index < start {
      if meets(condition, agent, call) { return agent }
      candidate = agents.next(after: agent, question, by: .roundRobin)
    }
    return nil
  }
}
