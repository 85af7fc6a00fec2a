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
        }
      }
      if !served {
        report(path, "nobody can serve queue \(queue.dn): no agent satisfies \"\(text)\"")
      }
    }
  }

  mutating func checkRoutingPoints() {
    for point in site.routingPoints {
      let path: [TableKey] = ["routing_points", .name(point.dn)]
      checkStrategy(point.strategy, at: path + ["strategy"])
      for target in point.defaults { checkDefault(target, of: point, at: path + ["default"]) }
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

  private mutating func checkDefault(
    _ target: Target,
    of point: Site.RoutingPoint,
    at path: [TableKey]
  ) {
    switch target {
    case .queue(let dn):
      let queues = site.queues.map { $0.dn }
      guard !queues.contains(dn.number) else { return }
      let ending = Suggestion.ending(for: dn.number, among: queues)
      report(path, "default: there is no queue \(dn.number)\(ending)")
    case .dn(let dn):
      if dn.number == point.dn {
        report(path, "default: dn:\(dn.number) would send calls back to where they come from")
        return
      }
      let all =
        site.extensions.map { $0.dn } + site.queues.map { $0.dn }
        + site.routingPoints.map { $0.dn }
      guard !all.contains(dn.number) else { return }
      let ending = Suggestion.ending(for: dn.number, among: all)
      report(path, "default: there is no DN \(dn.number)\(ending)")
    case .trunk(let name, _):
      let trunks = site.trunks.map { $0.name }
      guard !trunks.contains(name) else { return }
      let ending = Suggestion.ending(for: name, among: trunks)
      report(path, "default: there is no trunk \(name)\(ending)")
    case .agent, .any, .queues, .reject:
      return
    }
  }
}
