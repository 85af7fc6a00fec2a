internal import Engine
internal import Simulator

// Which agents, DNs and callers of a site are in the small world: those that the strategy is about.
struct ProofCasting {
  private let plan: Plan
  private let mentions: StrategyMentions
  private let point: RoutingPointPlan

  init(_ plan: Plan, _ point: RoutingPointPlan, _ mentions: StrategyMentions) {
    self.plan = plan
    self.point = point
    self.mentions = mentions
  }

  /// Numbers that callers have when nothing in the strategy asks for another.
  private static let stranger = "441632960000"
  /// Callers beside the stranger.
  private static let callersMax = 2
  /// DNs beside those of agents that come and go.
  private static let dnsMax = 2
  /// Seeds that are tried where chance matters.
  private static let seedsTried: [UInt64] = [1, 2, 3]

  /// The world.
  func setup(calls: Int, agents: Int) -> ProofSetup {
    let cast = cast(agents)
    var setup = ProofSetup(plan: plan, place: point.dn, calls: calls)
    setup.cast = cast
    let others = namedDNs.filter { dn in !cast.contains { $0.dn == dn } }
    setup.dns = Array(others.prefix(Self.dnsMax))
    setup.steadyDNs = Array(others.dropFirst(Self.dnsMax))
    setup.plan = reduced(to: cast, others)
    setup.callers = callers
    setup.digits = digits
    setup.refusals = mentions.looksAtReasons ? [.busy, .rejected, .unreachable] : [.busy]
    setup.redirects = point.divert == .redirect
    if mentions.mentionsTime { setup.moments = Self.moments }
    if usesChance { setup.seeds = Self.seedsTried }
    setup.detail = detail
    if seesAbsence(cast) { setup.detail.insert(.absence) }
    return setup
  }

  /// Whether chance decides something.
  var usesChance: Bool { mentions.mentions("random") }

  private var detail: SearchDetail {
    var detail: SearchDetail = []
    if mentions.mentions("oldest_wait") || plan.priorityAging != nil { detail.insert(.waits) }
    if mentions.words.contains(where: { $0.hasPrefix("expected_wait") }) {
      detail.insert(.handling)
    }
    if mentions.mentions("least_occupied", "fewest_calls") { detail.insert(.occupancy) }
    if mentions.mentions("round_robin") { detail.insert(.turns) }
    if usesChance { detail.insert(.chance) }
    return detail
  }

  /// Whether it can make a difference to the strategy, or to what is looked for, why somebody is
  /// not to be had.
  private func seesAbsence(_ cast: [(agent: AgentID, dn: DN)]) -> Bool {
    if mentions.mentions("logged_in") || mentions.waitsForever || !plan.places.isEmpty {
      return true
    }
    if mentions.looksAtReasons, cast.contains(where: { mentioned.contains($0.agent.text) }) {
      return true
    }
    return detail.contains(.handling) || cast.contains { namedDNs.contains($0.dn) }
  }

  /// Wednesday 10:30, Sunday 03:00 and Christmas Day noon, UTC, as seen from the epoch
  /// (2023-11-14T22:13:20Z).
  private static let moments = [44_200, 362_800, 3_505_600].map {
    Instant(nanoseconds: $0 * 1_000_000_000)
  }

  // MARK: Who

  /// Everybody in turn gets the first who is left of what the strategy asks for.
  private func cast(_ count: Int) -> [(agent: AgentID, dn: DN)] {
    var wishes: [(AgentPlan) -> Bool] = []
    for word in mentioned where plan.agents.contains(where: { $0.id.text == word }) {
      wishes.append { $0.id.text == word }
    }
    for word in mentioned where plan.agents.contains(where: { $0.extensionDN?.number == word }) {
      wishes.append { $0.extensionDN?.number == word }
    }
    for text in mentions.texts {
      if plan.queues.contains(where: { $0.dn.number == text }) { continue }
      if plan.agents.contains(where: { satisfies($0, text) }) {
        wishes.append { satisfies($0, text) }
      }
      if plan.groups.contains(where: { $0.name == text }) {
        wishes.append { belongs($0, to: text) }
      }
    }
    for queue in plan.queues where mentioned.contains(queue.dn.number) {
      wishes.append { serves($0, queue) }
    }
    for case .queue(let dn) in point.defaults {
      for queue in plan.queues where queue.dn == dn { wishes.append { serves($0, queue) } }
    }
    wishes.append { _ in true }
    var chosen: [AgentPlan] = []
    while chosen.count < count {
      let before = chosen.count
      for wish in wishes where chosen.count < count {
        let next = plan.agents.first { agent in
          !chosen.contains { $0.id == agent.id } && wish(agent)
        }
        if let next { chosen.append(next) }
      }
      if chosen.count == before { break }
    }
    return seated(chosen)
  }

  /// Who has no extension of his own sits down at one that nobody has.
  private func seated(_ agents: [AgentPlan]) -> [(agent: AgentID, dn: DN)] {
    var free = plan.extensions.map(\.dn).filter { dn in
      !plan.agents.contains { $0.extensionDN == dn }
    }
    return agents.compactMap { agent in
      if let dn = agent.extensionDN { return (agent.id, dn) }
      guard !free.isEmpty else { return nil }
      return (agent.id, free.removeFirst())
    }
  }

  private var mentioned: [String] {
    var result: [String] = []
    for word in mentions.texts + mentions.rows.flatMap({ $0 }) where !result.contains(word) {
      result.append(word)
    }
    return result
  }

  /// Extensions that the strategy, the default route or an overflow names.
  private var namedDNs: [DN] {
    var named = mentioned
    // Behind a queue that takes every call nothing of the default route is ever tried.
    let reached = point.defaults.prefix { target in
      guard case .queue(let dn) = target else { return true }
      return plan.queues.contains { $0.dn == dn && $0.lengthMax != nil }
    }
    for target in reached + plan.queues.compactMap(\.overflow) {
      if case .dn(let dn) = target { named.append(dn.number) }
    }
    return plan.extensions.map(\.dn).filter { named.contains($0.number) }
  }

  // MARK: Skills

  private func satisfies(_ agent: AgentPlan, _ text: String) -> Bool {
    guard let expression = try? SkillExpression(parsing: text) else { return false }
    return expression.holds { index in
      agent.skills.first { $0.name == expression.skills[index] }?.level ?? 0
    } member: { index in
      belongs(agent, to: expression.groups[index])
    }
  }

  private func belongs(_ agent: AgentPlan, to name: String) -> Bool {
    guard let group = plan.groups.first(where: { $0.name == name }) else { return false }
    if group.agents.contains(agent.id) { return true }
    guard let skills = group.skills, !skills.contains("group(") else { return false }
    return satisfies(agent, skills)
  }

  private func serves(_ agent: AgentPlan, _ queue: QueuePlan) -> Bool {
    queue.agents.map { satisfies(agent, $0) } ?? true
  }

  // MARK: The rest

  /// The site without those who neither come nor are named; nobody logs in by himself.
  private func reduced(to cast: [(agent: AgentID, dn: DN)], _ others: [DN]) -> Plan {
    var reduced = plan
    reduced.agents = plan.agents.filter { agent in
      cast.contains { $0.agent == agent.id } || mentioned.contains(agent.id.text)
    }
    // Nobody asks why here, and every state would carry its records.
    reduced.limits.decisionsKept = 0
    for index in reduced.routingPoints.indices where reduced.routingPoints[index].dn == point.dn {
      reduced.routingPoints[index].strategy = point.strategy
    }
    for index in reduced.agents.indices { reduced.agents[index].logsInAutomatically = false }
    let kept = cast.map(\.dn) + others + reduced.agents.compactMap(\.extensionDN)
    reduced.extensions = plan.extensions.filter { kept.contains($0.dn) }
      .map { ExtensionPlan($0.dn) }
    for index in reduced.groups.indices {
      reduced.groups[index].agents.removeAll { id in
        !reduced.agents.contains { $0.id == id }
      }
    }
    for index in reduced.places.indices {
      reduced.places[index].extensions.removeAll { !kept.contains($0) }
    }
    reduced.places.removeAll { $0.extensions.isEmpty }
    return reduced
  }

  private var callers: [String] {
    let keys = mentions.texts + mentions.rows.compactMap(\.first)
    var numbers: [String] = []
    for key in keys where Self.isNumber(key) && !numbers.contains(key) {
      let isOurs =
        plan.extensions.contains { $0.dn.number == key }
        || plan.agents.contains { $0.id.text == key }
        || plan.queues.contains { $0.dn.number == key }
      if !isOurs { numbers.append(key) }
    }
    return [Self.stranger] + numbers.prefix(Self.callersMax)
  }

  private static func isNumber(_ text: String) -> Bool {
    let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
    return digits.count >= 5 && digits.allSatisfy { $0.isASCII && $0.isNumber }
  }

  private var digits: [String] {
    let typed = mentions.texts.filter { text in
      text.count <= 2 && !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
    }
    return ["", typed.first ?? "1"]
  }
}
