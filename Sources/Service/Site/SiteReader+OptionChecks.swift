internal import Engine
internal import LuaBridge

// How the options hang together with the rest of the site.
extension SiteReader {
  mutating func checkOptions() {
    for queue in site.queues {
      let path: [TableKey] = ["queues", .name(queue.dn)]
      if let overflow = queue.overflow {
        check(overflow, from: queue.dn, "overflow", at: path + ["overflow"])
      }
      checkNoAnswer(queue.noAnswer, from: queue.dn, at: path + ["no_answer"])
      checkOverflowCycle(from: queue, at: path + ["overflow"])
    }
    for agent in site.agents {
      let path: [TableKey] = ["agents", .name(agent.id), "no_answer"]
      checkNoAnswer(agent.noAnswer, from: "", at: path)
    }
    checkNoAnswer(site.noAnswer, from: "", at: ["no_answer"])
    checkPlaces()
    checkGroups()
  }

  mutating func checkNoAnswer(_ plan: NoAnswerPlan, from dn: String, at path: [TableKey]) {
    for case .target(let target) in plan.overflow ?? [] {
      check(target, from: dn, "overflow", at: path + ["overflow"])
    }
  }

  /// Full queues that overflow into one another would send a call round.
  private mutating func checkOverflowCycle(from start: Site.Queue, at path: [TableKey]) {
    var seen = [start.dn]
    var next = start.overflow
    while case .queue(let dn)? = next {
      if seen.contains(dn.number) {
        let way = (seen + [dn.number]).joined(separator: " → ")
        report(path, "overflow goes round: \(way)")
        return
      }
      seen.append(dn.number)
      next = site.queues.first { $0.dn == dn.number }?.overflow
    }
  }

  private mutating func checkPlaces() {
    let extensions = site.extensions.map { $0.dn }
    var owners: [String: String] = [:]
    for place in site.places {
      let path: [TableKey] = ["places", .name(place.name), "extensions"]
      for dn in place.extensions.map({ $0.number }) {
        if !extensions.contains(dn) {
          let ending = Suggestion.ending(for: dn, among: extensions)
          report(path, "place \(place.name): there is no extension \(dn)\(ending)")
        }
        if let other = owners[dn] {
          report(path, "extension \(dn) belongs to place \(other) already")
        }
        owners[dn] = place.name
      }
    }
  }

  private mutating func checkGroups() {
    let agents = site.agents.map { $0.id }
    for group in site.groups {
      let path: [TableKey] = ["groups", .name(group.name)]
      for id in group.agents.map({ $0.text }) where !agents.contains(id) {
        let ending = Suggestion.ending(for: id, among: agents)
        report(path + ["agents"], "group \(group.name): there is no agent \(id)\(ending)")
      }
      guard let text = group.skills else { continue }
      do {
        let expression = try SkillExpression(parsing: text)
        for name in expression.skills where !isKnown(skill: name) {
          report(path + ["skills"], "no agent has the skill \(name)", severity: .warning)
        }
        if !expression.groups.isEmpty {
          report(path + ["skills"], "a group cannot be made of groups: name skills here")
        }
      } catch {
        report(
          path + ["skills"],
          "skills = \"\(text)\": column \(error.column): \(error.message)"
        )
      }
    }
  }
}
