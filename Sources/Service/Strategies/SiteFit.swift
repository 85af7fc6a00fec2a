internal import Engine
internal import LuaBridge

/// Tells whom of a site's agents a filter leaves.
struct SiteFit: Sendable {
  private let site: Site?

  /// Makes one for a site; without a site only contradictions are found.
  init(site: Site?) { self.site = site }

  /// Whether some agent satisfies a queue's expression; true where that cannot be said.
  func isServed(by text: String) -> Bool {
    guard let site, let expression = try? SkillExpression(parsing: text) else { return true }
    return site.agents.contains { holds(expression, for: $0, in: site) }
  }

  /// Whom a filter leaves; what is nil does not narrow it down.
  func fit(skills: String?, group: String?, excluded: Set<String>) -> FilterFit {
    let expression = skills.flatMap { try? SkillExpression(parsing: $0) }
    if let expression, !expression.canHold() { return .impossible }
    guard let site else { return .somebody }
    guard skills == nil || expression != nil else { return .somebody }
    // Without any condition there is nothing to be wrong about but a site without agents.
    guard expression != nil || group != nil || !excluded.isEmpty else { return .somebody }
    let remains = site.agents.contains { agent in
      !excluded.contains(agent.id)
        && (expression.map { holds($0, for: agent, in: site) } ?? true)
        && (group.map { isMember(agent, of: $0, in: site) } ?? true)
    }
    return remains ? .somebody : .nobody(reach(of: expression, in: site))
  }

  /// How far the skills of an expression go: `sales is at most 9`.
  private func reach(of expression: SkillExpression?, in site: Site) -> String {
    let parts = (expression?.skills ?? []).map { name in
      let levels = site.agents.map { level(of: name, $0) }
      return "\(name) is at most \(levels.max() ?? 0)"
    }
    return parts.joined(separator: ", ")
  }

  private func level(of skill: String, _ agent: Site.Agent) -> Int32 {
    agent.skills.first { $0.name == skill }?.level ?? 0
  }

  private func holds(
    _ expression: SkillExpression,
    for agent: Site.Agent,
    in site: Site
  ) -> Bool {
    expression.holds { index in
      level(of: expression.skills[index], agent)
    } member: { index in
      isMember(agent, of: expression.groups[index], in: site)
    }
  }

  private func isMember(_ agent: Site.Agent, of name: String, in site: Site) -> Bool {
    guard let group = site.groups.first(where: { $0.name == name }) else { return false }
    if group.agents.contains(where: { $0.text == agent.id }) { return true }
    guard let text = group.skills, let expression = try? SkillExpression(parsing: text)
    else { return false }
    return expression.holds { level(of: expression.skills[$0], agent) }
  }
}
