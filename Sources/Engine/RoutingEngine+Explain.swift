// Who was a candidate at a step of a decision record, and why each was dropped.
//
// The rules are those of TargetSelection.swift, asked one after the other so that the first that
// fails can be named; a test holds the two against each other. What an agent was at that moment
// comes from the changes of his standing.

extension RoutingEngine {
  /// What was looked for at a step; expressions are compiled once for all agents.
  private enum Wanted {
    case targets([(target: Target, skills: SkillExpression?)])
    case queues([(queue: DN, skills: SkillExpression?)])
  }

  /// The agents of the site as candidates, or one of them; empty for a step in which nobody was
  /// looked for.
  func candidates(
    for entry: DecisionEntry,
    _ story: Story,
    chosen: AgentID?,
    only wantedAgent: AgentSlot?
  ) -> [Candidate] {
    guard let wanted = wanted(entry.kind, story) else { return [] }
    let indices = wantedAgent.map { $0.index..<($0.index + 1) } ?? agents.indices
    var list: [Candidate] = []
    list.reserveCapacity(indices.count)
    for index in indices {
      let agent = AgentSlot(index: index)
      let change = change(of: agent, before: entry.order)
      let dn = change.flatMap { $0.dn >= 0 ? dns[Int($0.dn)].dn : nil }
      let id = agents.id(of: agent)
      let verdict: CandidateVerdict
      if id == chosen {
        verdict = .chosen
      } else if let barred = barred(agent, at: dn, wanted, story) {
        verdict = barred
      } else {
        verdict = judge(agent, change, entry)
      }
      list.append(Candidate(agent: id, dn: dn, verdict: verdict))
    }
    return list
  }

  private func wanted(_ kind: DecisionKind, _ story: Story) -> Wanted? {
    switch kind {
    case .asked(.select, _): return .targets(story.targets.map { compiled($0) })
    case .asked(.route(let target, _), _), .returned(let target?, _), .triedDefault(let target):
      switch target {
      case .any, .agent: return .targets([compiled(target)])
      case .queue, .queues, .dn, .trunk, .reject, .list: return nil
      }
    case .queued(let first, let others):
      return .queues(([first] + others).map { ($0, skills(ofQueue: $0)) })
    case .answered, .asked, .connected, .consulted, .defaulted, .ended, .entered, .failed, .missed,
      .overtook, .rang, .returned, .sent, .started, .transferred, .used:
      return nil
    }
  }

  private func compiled(_ target: Target) -> (target: Target, skills: SkillExpression?) {
    guard case .any(let filter) = target, let text = filter.skills else { return (target, nil) }
    return (target, try? SkillExpression(parsing: text))
  }

  private func skills(ofQueue queue: DN) -> SkillExpression? {
    guard let index = dnIndex[queue], case .queue(let place) = dns[Int(index)].kind else {
      return SkillExpression.never
    }
    return queueExpressions[Int(place)]
  }

  // MARK: What he was

  /// The change that made an agent what he was; nil: it has been forgotten.
  private func change(of agent: AgentSlot, before order: UInt64) -> StandingChange? {
    var name = agents[agent].lastChange
    if name < 0 || agents[agent].lastChangeOrder < order {
      // He is what he has been since before that step.
      if let last = decisions.change(name) { return last }
      return StandingChange(
        order: 0,
        at: agents[agent].since,
        previous: -1,
        dn: deliveryDN(of: agent) ?? agents[agent].dn,
        standing: standing(of: agent)
      )
    }
    while let change = decisions.change(name) {
      if change.order < order { return change }
      guard change.previous >= 0 else {
        return StandingChange(order: 0, at: .zero, previous: -1, dn: -1, standing: .loggedOut)
      }
      name = change.previous
    }
    return nil
  }

  private func judge(
    _ agent: AgentSlot,
    _ change: StandingChange?,
    _ entry: DecisionEntry
  ) -> CandidateVerdict {
    guard let change else { return .forgotten }
    let nanoseconds = UInt64((entry.at - change.at).nanosecondsClamped)
    switch change.standing {
    case .ready: return .passedOver(nanoseconds: nanoseconds)
    case .reserved(entry.call), .offered(entry.call): return .chosen
    case .loggedOut, .outOfService, .notReady, .leftAlone, .reserved, .offered, .ringing, .talking:
      return .standing(change.standing, nanoseconds: nanoseconds)
    }
  }

  // MARK: Whether he could be meant

  /// Why an agent could not be meant at all; nil: he could.
  private func barred(
    _ agent: AgentSlot,
    at dn: DN?,
    _ wanted: Wanted,
    _ story: Story
  ) -> CandidateVerdict? {
    switch wanted {
    case .queues(let list):
      if let dn, dn.number == story.ani { return .caller }
      var last: CandidateVerdict?
      for (queue, skills) in list {
        last = skills.flatMap { agents.failure(of: $0, agent) }.map { .notOfQueue(queue, $0) }
        if last == nil { return nil }
      }
      return last
    case .targets(let targets):
      var reason: CandidateVerdict?
      for (target, skills) in targets {
        guard let found = notMeant(agent, at: dn, by: target, skills) else {
          reason = nil
          break
        }
        // Of several targets the one that says most about him.
        if reason == nil || reason == .notNamed { reason = found }
      }
      if let reason { return reason }
      let id = agents.id(of: agent)
      if story.excludedAgents.contains(id) { return .excluded }
      guard let dn else { return nil }
      if story.excludedDNs.contains(dn) { return .excluded }
      if story.triedDNs.contains(dn) { return .tried }
      return dn.number == story.ani ? .caller : nil
    }
  }

  private func notMeant(
    _ agent: AgentSlot,
    at dn: DN?,
    by target: Target,
    _ skills: SkillExpression?
  ) -> CandidateVerdict? {
    let id = agents.id(of: agent)
    switch target {
    case .agent(let wanted): return wanted == id ? nil : .notNamed
    case .dn(let wanted): return wanted == dn ? nil : .notNamed
    case .any(let filter):
      if filter.excludedAgents.contains(id) { return .excluded }
      if let dn, filter.excludedDNs.contains(dn) { return .excluded }
      if let group = filter.group, !agents.isMember(agent, of: group) { return .notInGroup(group) }
      return skills.flatMap { agents.failure(of: $0, agent) }.map { .skills($0) }
    case .queue, .queues, .trunk, .reject, .list: return .notNamed
    }
  }
}
