internal import Engine
internal import LuaBridge

// How the sections hang together.
extension SiteReader {
  /// A number can be only one thing.
  mutating func checkDNs() {
    var owners: [String: String] = [:]
    let all =
      site.extensions.map { ("extensions", "an extension", $0.dn) }
      + site.queues.map { ("queues", "a queue", $0.dn) }
      + site.virtualQueues.map { ("virtual_queues", "a virtual queue", $0.dn.number) }
      + site.routingPoints.map { ("routing_points", "a routing point", $0.dn) }
    for (section, kind, dn) in all {
      if let owner = owners[dn] {
        report(
          [.name(section), .name(dn)],
          "DN \(dn) is already \(owner); it cannot be \(kind) too"
        )
      } else {
        owners[dn] = kind
      }
    }
  }

  mutating func checkAgents() {
    let extensions = site.extensions.map { $0.dn }
    var users: [String: String] = [:]
    for agent in site.agents {
      guard let dn = agent.extensionDN else { continue }
      let path: [TableKey] = ["agents", .name(agent.id), "extension"]
      guard extensions.contains(dn) else {
        let ending = Suggestion.ending(for: dn, among: extensions)
        report(path, "agent \(agent.id): there is no extension \(dn)\(ending)")
        continue
      }
      guard agent.logsInAutomatically else { continue }
      if let other = users[dn] {
        report(path, "agents \(other) and \(agent.id) would both log in at \(dn) by themselves")
      }
      users[dn] = agent.id
    }
  }

  mutating func checkQueues() {
    let skillNames = Set(site.agents.flatMap { agent in agent.skills.map { $0.name } })
    for queue in site.queues {
      let path: [TableKey] = ["queues", .name(queue.dn), "agents"]
      guard let text = queue.agents else {
        if site.agents.isEmpty {
          report(
            ["queues", .name(queue.dn)],
            "nobody can serve queue \(queue.dn)",
            severity: .warning
          )
        }
        continue
      }
      let expression: SkillExpression
      do {
        expression = try SkillExpression(parsing: text)
      } catch {
        report(path, "agents = \"\(text)\": column \(error.column): \(error.message)")
        continue
      }
      for name in expression.skills where !skillNames.contains(name) {
        let ending = Suggestion.ending(for: name, among: skillNames.sorted())
        report(path, "no agent has the skill \(name)\(ending)", severity: .warning)
      }
      let served = site.agents.contains { agent in
        expression.holds { index in
          agent.skills.first { $0.name == expression.skills[index] }?.level ?? 0
        } member: { index in
          isMember(agent, of: expression.groups[index])
        }
      }
      for name in expression.groups where !site.groups.contains(where: { $0.name == name }) {
        let ending = Suggestion.ending(for: name, among: site.groups.map { $0.name })
        report(path, "there is no agent group \(name)\(ending)")
      }
      if !served {
        unservedCount += 1
        report(path, "nobody can serve queue \(queue.dn): no agent satisfies \"\(text)\"")
      }
    }
  }

  mutating func checkRoutingPoints() {
    for point in site.routingPoints {
      let path: [TableKey] = ["routing_points", .name(point.dn)]
      checkStrategy(point.strategy, at: path + ["strategy"])
      for target in point.defaults {
        check(target, from: point.dn, "default", at: path + ["default"])
      }
      checkNoAnswer(point.noAnswer, from: point.dn, at: path + ["no_answer"])
      if point.defaults.isEmpty {
        report(
          path,
          "routing point \(point.dn) has no default route: a call whose strategy fails is refused",
          severity: .warning
        )
      }
    }
  }

  private mutating func checkStrategy(_ name: String, at path: [TableKey]) {
    guard !name.isEmpty else { return }
    let plain = name.utf8.allSatisfy {
      $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") && $0 > 0x20
    }
    guard plain, !name.hasPrefix("."), !name.hasSuffix(".lua") else {
      report(path, "strategy \"\(name)\" must be a name without folder or ending")
      return
    }
    guard let known = world.strategies, !known.contains(name) else { return }
    let ending = Suggestion.ending(for: name, among: known)
    report(path, "there is no strategy \"\(name)\" (file \(name).lua)\(ending)")
  }

  private func isMember(_ agent: Site.Agent, of name: String) -> Bool {
    guard let group = site.groups.first(where: { $0.name == name }) else { return false }
    if group.agents.contains(where: { $0.text == agent.id }) { return true }
    guard let text = group.skills, let expression = try? SkillExpression(parsing: text)
    else { return false }
    return expression.holds { index in
      agent.skills.first { $0.name == expression.skills[index] }?.level ?? 0
    }
  }

  func isKnown(skill name: String) -> Bool {
    site.agents.contains { agent in agent.skills.contains { $0.name == name } }
  }

  /// Whether a target of the site file exists; `what` is the field that names it.
  mutating func check(
    _ target: Target,
    from dn: String,
    _ what: String,
    at path: [TableKey]
  ) {
    switch target {
    case .queue(let dn):
      let queues = site.queues.map { $0.dn }
      guard !queues.contains(dn.number) else { return }
      let ending = Suggestion.ending(for: dn.number, among: queues)
      report(path, "\(what): there is no queue \(dn.number)\(ending)")
    case .dn(let number):
      if number.number == dn {
        report(path, "\(what): dn:\(dn) would send calls back to where they come from")
        return
      }
      let all =
        site.extensions.map { $0.dn } + site.queues.map { $0.dn }
        + site.routingPoints.map { $0.dn }
      guard !all.contains(number.number) else { return }
      let ending = Suggestion.ending(for: number.number, among: all)
      report(path, "\(what): there is no DN \(number.number)\(ending)")
    case .trunk(let name, _):
      let trunks = site.trunks.map { $0.name }
      guard !trunks.contains(name) else { return }
      let ending = Suggestion.ending(for: name, among: trunks)
      report(path, "\(what): there is no trunk \(name)\(ending)")
    case .agent, .any, .queues, .reject, .list:
      return
    }
  }
}
