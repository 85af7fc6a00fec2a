internal import Engine

// The first of two passes: importers read their files and hand in facts, in any order.
//
// What the whole of the files says is collected here (who the agents are, which queues there are,
// what they serve), while the facts themselves go through a sorter, so that memory does not depend
// on the size of the files. Who may change it: the one importer that runs.

/// Facts on their way into the order of time, and what all of them together say.
struct FactCollector {
  /// What is known about an agent.
  struct Agent {
    var id: String
    var dn: String
    /// Whether the files say when he logs in.
    var isExplicit = false
    /// Whether he was a member of some of his queues only, for more than a minute.
    var isPartial = false
    /// When he joined, or left a queue and stayed in others.
    fileprivate var joined: Int64?
    fileprivate var leftOne: Int64?
    /// Calls by the sort that he answered, and queues that he is a member of.
    var serves: [(kind: Int, count: Int)] = []
    var queues: [Int] = []
  }

  /// A queue, with the calls that came to it.
  struct Queue {
    var dn: String
    var calls = 0
    /// How long an agent works after a call of it.
    var work: Duration = .zero
  }

  var report: ImportReport
  private var sorter: TimeSorter
  private(set) var agents: [Agent] = []
  private(set) var queues: [Queue] = []
  /// Queue and sort of calls together.
  private(set) var kinds: [(queue: Int, sort: String)] = []
  private var agentByID: [String: Int] = [:]
  private var queueByDN: [String: Int] = [:]
  private var kindByName: [String: Int] = [:]
  private(set) var first = Int64.max
  private(set) var last = Int64.min
  private var callCount: UInt64 = 0

  init(_ report: ImportReport, besides place: String, sortLimit: Int = ImportLimits.sortBytesMax) {
    self.report = report
    sorter = TimeSorter(besides: place, limit: sortLimit)
  }

  /// A number for a call that was not seen before.
  mutating func newCall() -> UInt64 {
    callCount += 1
    return callCount
  }

  /// Adds a fact.
  ///
  /// - Parameters:
  ///   - fact: The fact.
  ///   - rank: Its place among facts of the same instant: 1 before, 2 as they come, 4 after.
  /// - Throws: When there is no room to sort, or a time that no recording can have.
  mutating func add(_ fact: Fact, rank: UInt8 = 2) throws(ImportError) {
    guard fact.at >= 0, fact.at < 9_000_000_000_000_000_000 else {
      throw ImportError("a time before 1970, or after 2255, cannot be in a recording")
    }
    try note(fact)
    sees(fact.at)
    try sorter.add(at: fact.at, rank: rank, fact.encoded)
  }

  /// Something was seen at this instant: the files reach so far.
  mutating func sees(_ instant: Int64) {
    first = min(first, instant)
    last = max(last, instant)
  }

  private mutating func note(_ fact: Fact) throws(ImportError) {
    switch fact.kind {
    case .offered:
      report.calls += 1
      queues[try queue(fact.dn)].calls += 1
    case .answered:
      report.answered += 1
      guard !fact.agent.isEmpty else { break }
      let kind = try kind(queue: fact.first, sort: fact.sort)
      let agent = try agent(fact.agent, dn: fact.dn)
      if let index = agents[agent].serves.firstIndex(where: { $0.kind == kind }) {
        agents[agent].serves[index].count += 1
      } else {
        agents[agent].serves.append((kind, 1))
      }
      enlist(agent, kinds[kind].queue)
    case .failed where !fact.agent.isEmpty:
      let agent = try agent(fact.agent, dn: fact.dn)
      if !fact.second.isEmpty { enlist(agent, try queue(fact.second)) }
    case .released:
      switch fact.second {
      case "abandoned": report.abandoned += 1
      case "unfinished": report.unfinished += 1
      default: break
      }
    case .join, .leave, .ready, .notReady:
      let agent = try agent(fact.agent, dn: fact.kind == .join ? fact.first : "")
      if fact.kind == .join || fact.kind == .leave { signs(fact, agent) }
      if fact.kind == .join, !fact.dn.isEmpty { enlist(agent, try queue(fact.dn)) }
    case .seen: _ = try agent(fact.agent, dn: fact.dn)
    case .ringing, .attached, .failed, .restart, .inService, .outOfService: break
    }
  }

  /// An agent signs in or out: once for all his queues, or for some of them at another time.
  private mutating func signs(_ fact: Fact, _ agent: Int) {
    var own = agents[agent]
    own.isExplicit = true
    let minute = 60 * ClockText.second
    if let left = own.leftOne, fact.at - left > minute { own.isPartial = true }
    own.leftOne = nil
    if fact.kind == .leave {
      if fact.dn.isEmpty { own.joined = nil } else { own.leftOne = fact.at }
    } else {
      if !fact.dn.isEmpty, let joined = own.joined, fact.at - joined > minute {
        own.isPartial = true
      }
      own.joined = own.joined ?? fact.at
    }
    agents[agent] = own
  }

  private mutating func enlist(_ agent: Int, _ queue: Int) {
    if !agents[agent].queues.contains(queue) { agents[agent].queues.append(queue) }
  }

  private mutating func agent(_ id: String, dn: String) throws(ImportError) -> Int {
    if let known = agentByID[id] {
      if !dn.isEmpty, agents[known].dn.isEmpty { agents[known].dn = dn }
      return known
    }
    guard agents.count < ImportLimits.agentsMax else {
      throw ImportError("more than \(ImportLimits.agentsMax) agents: is this the agents' column?")
    }
    agentByID[id] = agents.count
    agents.append(Agent(id: id, dn: dn))
    return agents.count - 1
  }

  private mutating func queue(_ dn: String) throws(ImportError) -> Int {
    if let known = queueByDN[dn] { return known }
    guard queues.count < ImportLimits.queuesMax else {
      throw ImportError("more than \(ImportLimits.queuesMax) queues: is this the queues' column?")
    }
    queueByDN[dn] = queues.count
    queues.append(Queue(dn: dn))
    return queues.count - 1
  }

  private mutating func kind(queue dn: String, sort: String) throws(ImportError) -> Int {
    let name = dn + "\u{0}" + sort
    if let known = kindByName[name] { return known }
    kindByName[name] = kinds.count
    kinds.append((try queue(dn), sort))
    return kinds.count - 1
  }

  // MARK: The second pass

  /// Says how long an agent works after a call of a queue.
  mutating func setWorkAfterCalls(_ work: Duration, ofQueue queue: Int) {
    queues[queue].work = work
  }

  /// How many facts there are.
  var count: UInt64 { sorter.count }

  /// The number of an agent.
  func number(ofAgent id: String) -> Int? { agentByID[id] }

  /// The number of a queue with a sort of calls; nil when no agent ever answered one.
  func number(ofQueue dn: String, sort: String) -> Int? { kindByName[dn + "\u{0}" + sort] }

  /// The number of an agent's phone: his own when the files name none, and another one when calls
  /// are counted as waiting at it.
  func phone(ofAgent agent: Int) -> String {
    let number = agents[agent].dn.isEmpty ? agents[agent].id : agents[agent].dn
    return queueByDN[number] == nil ? number : "phone-\(number)"
  }

  /// Hands out all facts in the order of time, and forgets them.
  mutating func drain(_ body: (Fact) throws(ImportError) -> Void) throws(ImportError) {
    try sorter.drain { (instant, bytes) throws(ImportError) in
      guard let fact = Fact(bytes, at: instant) else {
        throw ImportError("the temporary file was damaged")
      }
      try body(fact)
    }
  }

  /// The site that the facts show: queues, the agents who serve them, their phones.
  var plan: Plan {
    var plan = Plan(name: "imported")
    // The files say when somebody was not ready; a call that he missed does not make him so.
    plan.noAnswer.action = NoAnswerAction.none
    var skills: [String] = []
    for queue in queues {
      skills.append(Self.skill(queue.dn, besides: skills))
      var made = QueuePlan(DN(queue.dn))
      made.agents = "\(skills[skills.count - 1]) > 0"
      made.wrapUp = queue.work
      plan.queues.append(made)
    }
    var numbers: Set<String> = []
    for (index, agent) in agents.enumerated() {
      let dn = DN(phone(ofAgent: index))
      if numbers.insert(dn.number).inserted {
        plan.extensions.append(ExtensionPlan(dn, startsInService: true))
      }
      plan.agents.append(
        AgentPlan(
          AgentID(agent.id),
          skills: agent.queues.map { SkillLevel(skills[$0], 1) },
          extensionDN: dn
        )
      )
    }
    return plan
  }

  /// A skill's name for a queue: what a skill expression may say.
  private static func skill(_ text: String, besides taken: [String]) -> String {
    var name = ""
    for character in text.unicodeScalars {
      let isPlain = character.isASCII && (character.properties.isAlphabetic || isDigit(character))
      name.unicodeScalars.append(isPlain ? character : "_")
    }
    name = name.lowercased()
    if name.unicodeScalars.first.map({ isDigit($0) }) ?? true { name = "queue_" + name }
    if ["and", "or", "not", "in", "true", "false"].contains(name) { name += "_" }
    var unique = name
    var number = 2
    while taken.contains(unique) {
      unique = "\(name)_\(number)"
      number += 1
    }
    return unique
  }

  private static func isDigit(_ scalar: UnicodeScalar) -> Bool {
    ("0"..."9").contains(scalar)
  }
}
