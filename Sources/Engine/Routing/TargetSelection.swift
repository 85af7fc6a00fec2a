/// A filter whose names have been looked up and whose expression is compiled.
struct ResolvedFilter: Sendable {
  var skills: CompiledSkills?
  var excludedAgents: [AgentSlot] = []
  var excludedDNs: [DN] = []
}

/// A skill expression with its names replaced by the engine's skill numbers.
struct CompiledSkills: Sendable {
  let expression: SkillExpression
  /// The engine's number of each name that the expression mentions; -1: nobody has it.
  let numbers: [Int]

  func holds(for levels: [Int32]) -> Bool {
    expression.holds { name in
      let number = numbers[name]
      return number < 0 ? 0 : levels[number]
    }
  }
}

/// Something that a selection can wait for.
enum ResolvedTarget: Sendable {
  case any(ResolvedFilter)
  case agent(AgentSlot)
  case dn(Int32)
  case trunk(name: String, number: String)
}

/// What a selection found.
enum Choice: Sendable {
  case agent(AgentSlot)
  case dn(Int32)
  case trunk(name: String, number: String)
}

extension RoutingEngine {
  /// Looks up and compiles a filter.
  ///
  /// - Throws: The sentence that the strategy gets to read.
  mutating func resolve(_ filter: AgentFilter) throws(StrategyMistake) -> ResolvedFilter {
    var resolved = ResolvedFilter()
    if let text = filter.skills { resolved.skills = try compile(text) }
    for id in filter.excludedAgents {
      if let slot = agents.slot(of: id) { resolved.excludedAgents.append(slot) }
    }
    resolved.excludedDNs = filter.excludedDNs
    return resolved
  }

  private mutating func compile(_ text: String) throws(StrategyMistake) -> CompiledSkills {
    if let known = compiledSkills[text] { return known }
    let expression: SkillExpression
    do {
      expression = try SkillExpression(parsing: text)
    } catch {
      throw StrategyMistake(
        "skill expression '\(text)', column \(error.column): \(error.message)"
      )
    }
    let numbers = expression.skills.map { skillNumbers[$0] ?? -1 }
    let compiled = CompiledSkills(expression: expression, numbers: numbers)
    if compiledSkills.count >= plan.limits.skillExpressionsMax { compiledSkills.removeAll() }
    compiledSkills[text] = compiled
    return compiled
  }

  /// Whether an agent passes a filter; his availability is not asked.
  func passes(_ agent: AgentSlot, _ filter: ResolvedFilter) -> Bool {
    if let skills = filter.skills, !skills.holds(for: agents[agent].levels) { return false }
    if filter.excludedAgents.contains(agent) { return false }
    if !filter.excludedDNs.isEmpty, let dn = agents[agent].dn,
      filter.excludedDNs.contains(dns[Int(dn)].dn)
    {
      return false
    }
    return true
  }

  /// Whether a call at a routing point may be offered to an agent: never the caller's own DN, never
  /// one tried already, never an excluded one (DOMAIN, decision 1).
  func mayBeOffered(_ call: CallSlot, to agent: AgentSlot) -> Bool {
    guard let index = agents[agent].dn else { return false }
    let dn = dns[Int(index)].dn
    if dn.number == calls[call].attributes.ani { return false }
    if calls[call].tried.contains(dn) { return false }
    if calls[call].excludedAgents.contains(agent) { return false }
    return !calls[call].excludedDNs.contains(dn)
  }

  /// Whether a DN target can take the call now.
  ///
  /// With an agent there, it is he who must be available: that is also what wakes those who wait
  /// for it, so nobody who comes later is served before them.
  private func mayBeOffered(_ call: CallSlot, toDN index: Int32) -> Bool {
    let record = dns[Int(index)]
    guard record.isInService, !calls[call].tried.contains(record.dn),
      !calls[call].excludedDNs.contains(record.dn),
      record.dn.number != calls[call].attributes.ani
    else { return false }
    guard let agent = record.agent else { return true }
    return agents[agent].isAvailable
  }

  /// The first target that can be had now, in order of preference.
  func choose(_ targets: [ResolvedTarget], for call: CallSlot) -> Choice? {
    for target in targets {
      switch target {
      case .any(let filter):
        var candidate = agents.longestIdle
        while let agent = candidate {
          if passes(agent, filter), mayBeOffered(call, to: agent) { return .agent(agent) }
          candidate = agents.after(agent)
        }
      case .agent(let agent):
        if agents[agent].isAvailable, mayBeOffered(call, to: agent) { return .agent(agent) }
      case .dn(let index):
        if mayBeOffered(call, toDN: index) {
          return dns[Int(index)].agent.map { .agent($0) } ?? .dn(index)
        }
      case .trunk(let name, let number):
        return .trunk(name: name, number: number)
      }
    }
    return nil
  }

  /// Whether a waiting selection is served by an agent who has become available.
  func isServed(_ call: CallSlot, by agent: AgentSlot) -> Bool {
    guard case .selecting(let targets) = calls[call].state, mayBeOffered(call, to: agent)
    else { return false }
    for target in targets {
      switch target {
      case .any(let filter): if passes(agent, filter) { return true }
      case .agent(let wanted): if wanted == agent { return true }
      case .dn(let index): if agents[agent].dn == index { return true }
      case .trunk: break
      }
    }
    return false
  }

  /// The longest-idle available agent who serves a queue.
  func chooseAgent(of queue: Int32, for call: CallSlot) -> AgentSlot? {
    var candidate = agents.longestIdle
    while let agent = candidate {
      if agents[agent].queues.contains(queue), mayServeQueue(agent, call) { return agent }
      candidate = agents.after(agent)
    }
    return nil
  }

  /// In a queue only the caller's own DN is barred: an agent who did not answer is not ready, and
  /// may have the call again once he is.
  func mayServeQueue(_ agent: AgentSlot, _ call: CallSlot) -> Bool {
    guard let index = agents[agent].dn else { return false }
    return dns[Int(index)].dn.number != calls[call].attributes.ani
  }
}

/// A request that makes no sense; raised as an error at the line that made it.
struct StrategyMistake: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
