import Engine
import LuaBridge

/// Follows the selections of calls, to say which of their targets they gave.
struct ChosenTargets {
  private struct Open {
    var targets: [Target]
    var origins: StepOrigins
  }

  private var open: [ConnID: Open] = [:]
  private let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  /// Notes a step of a call's strategy.
  mutating func note(
    _ step: StrategyStep,
    of call: ConnID,
    _ origins: StepOrigins,
    _ collector: CoverageCollector
  ) {
    switch step {
    case .requested(.select(let selection)):
      // Targets of earlier selections stay unless they are dropped, and may be the one it gets.
      let before = selection.clears ? nil : open[call]
      var targets = selection.targets
      var now = origins
      // What the prelude made, ANY, is where it is used.
      now.targets = now.targets.map { $0 ?? origins.place }
      if let before {
        targets += before.targets
        now.targets += before.origins.targets
      }
      open[call] = Open(targets: targets, origins: now)
    case .requested(.route(.list(let list), _)), .finished(.list(let list)?):
      for (target, origin) in zip(list, origins.targets) {
        collector.choose(target, madeAt: origin, at: origins.place)
      }
    case .requested(.route(let target, _)):
      collector.choose(target, madeAt: origins.targets.first ?? nil, at: origins.place)
    case .finished(.queues(let list)):
      for (queue, origin) in zip(list, origins.targets) {
        collector.choose(.queue(queue), madeAt: origin, at: origins.place)
      }
    case .finished(let target?):
      collector.choose(target, madeAt: origins.targets.first ?? nil, at: origins.place)
    case .requested, .finished, .failed: break
    }
  }

  /// Notes what a selection gave; `agents` says who sits where.
  mutating func note(
    selected target: Target,
    of call: ConnID,
    _ agents: [AgentPicture],
    _ collector: CoverageCollector
  ) {
    guard let open = open[call], let index = index(of: target, in: open.targets, agents) else {
      return
    }
    let origin = index < open.origins.targets.count ? open.origins.targets[index] : nil
    collector.choose(open.targets[index], madeAt: origin, at: open.origins.place)
  }

  private func index(
    of target: Target,
    in targets: [Target],
    _ agents: [AgentPicture]
  ) -> Int? {
    if let index = targets.firstIndex(of: target) { return index }
    let agent: AgentPicture?
    switch target {
    case .agent(let id): agent = agents.first { $0.id == id }
    case .dn(let dn): agent = agents.first { $0.dn == dn }
    default: agent = nil
    }
    guard let agent else { return nil }
    if let dn = agent.dn, let index = targets.firstIndex(of: .dn(dn)) { return index }
    if let index = targets.firstIndex(of: .agent(agent.id)) { return index }
    return targets.firstIndex { candidate in
      guard case .any(let filter) = candidate else { return false }
      return passes(agent, filter)
    }
  }

  private func passes(_ agent: AgentPicture, _ filter: AgentFilter) -> Bool {
    if filter.excludedAgents.contains(agent.id) { return false }
    if let dn = agent.dn, filter.excludedDNs.contains(dn) { return false }
    if let group = filter.group, !isMember(agent.id, of: group) { return false }
    return filter.skills.map { holds($0, for: agent.id) } ?? true
  }

  private func isMember(_ agent: AgentID, of name: String) -> Bool {
    guard let group = plan.groups.first(where: { $0.name == name }) else { return false }
    return group.agents.contains(agent) || (group.skills.map { holds($0, for: agent) } ?? false)
  }

  private func holds(_ text: String, for id: AgentID) -> Bool {
    guard let expression = try? SkillExpression(parsing: text),
      let agent = plan.agents.first(where: { $0.id == id })
    else { return false }
    return expression.holds(
      { index in agent.skills.first { $0.name == expression.skills[index] }?.level ?? 0 },
      member: { index in
        plan.groups.first { $0.name == expression.groups[index] }?.agents.contains(id) ?? false
      }
    )
  }
}
