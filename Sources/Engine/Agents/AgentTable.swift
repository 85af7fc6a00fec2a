// All agents of the plan, the groups that they belong to, and the indexes of those who are
// available.
//
// Invariants: `membership` has a row per agent and a bit per group; an agent stands in every index
// that is kept exactly when `isAvailable`. The index of the longest idle is always kept, the others
// from the first time that their rule is used.
// Who may change it: `RoutingEngine` only.

/// The agents, and how one of them is found.
struct AgentTable: Sendable {
  let plans: [AgentPlan]
  private var agents: [Agent]
  private var byID = Lookup<AgentID, AgentSlot>()

  private(set) var groups: [AgentGroup] = []
  private(set) var membership = BitRows()
  private var namedGroups = Lookup<String, Int32>()
  private var filters = Lookup<FilterName, Int32>()
  private var filterNames: [FilterName] = []
  private let firstFilterBit: Int32
  /// Where to look for a bit to reuse next.
  private var hand: Int32 = 0

  private var idle = RankedIndex()
  private var occupied: RankedIndex?
  private var counted: RankedIndex?
  private var numbered: RankedIndex?
  private var lastIdle: UInt64 = 0
  private(set) var availableCount = 0
  /// Who is available only until he is given the call that is offered to him; negative: nobody.
  private var givenAway: Int32 = -1
  /// Whether somebody has asked how many a group has.
  private var isCounting = false

  init(_ plan: Plan) {
    plans = plan.agents
    agents = [Agent](repeating: Agent(), count: plan.agents.count)
    groups.append(AgentGroup(definition: .everybody))
    for index in plan.queues.indices {
      groups.append(AgentGroup(definition: .queue(Int32(index))))
    }
    for (index, group) in plan.groups.enumerated() {
      namedGroups[group.name] = Int32(groups.count)
      groups.append(AgentGroup(definition: .named(Int32(index))))
    }
    firstFilterBit = Int32(groups.count)
    membership = BitRows(words: (groups.count + 63) / 64)
    membership.grow(to: agents.count)
    idle = RankedIndex(words: membership.words)
    for (index, agent) in plans.enumerated() {
      byID[agent.id] = AgentSlot(index: Int32(index))
      membership.set(0, Int32(index))
    }
    addNamedGroups(plan)
  }

  var indices: Range<Int32> { 0..<Int32(agents.count) }

  func slot(of id: AgentID) -> AgentSlot? { byID[id] }

  func plan(of slot: AgentSlot) -> AgentPlan { plans[Int(slot.index)] }

  func id(of slot: AgentSlot) -> AgentID { plans[Int(slot.index)].id }

  subscript(slot: AgentSlot) -> Agent {
    _read { yield agents[Int(slot.index)] }
    _modify { yield &agents[Int(slot.index)] }
  }

  // MARK: Groups

  /// The bit of the agents who serve a queue.
  static func bit(ofQueue queue: Int32) -> Int32 { 1 + queue }

  static let everybody: Int32 = 0

  private mutating func addNamedGroups(_ plan: Plan) {
    // Groups may name groups that stand before them.
    for (index, group) in plan.groups.enumerated() {
      let bit = Int32(1 + plan.queues.count + index)
      for id in group.agents {
        if let slot = byID[id] { membership.set(bit, slot.index) }
      }
      guard let text = group.skills, let expression = try? SkillExpression(parsing: text)
      else { continue }
      for slot in indices where holds(expression, slot) { membership.set(bit, slot) }
    }
  }

  private func level(of skill: String, _ slot: Int32) -> Int32 {
    for entry in plans[Int(slot)].skills where entry.name == skill { return entry.level }
    return 0
  }

  private func holds(_ expression: SkillExpression, _ slot: Int32) -> Bool {
    expression.holds { name in
      level(of: expression.skills[name], slot)
    } member: { name in
      guard let bit = namedGroups[expression.groups[name]] else { return false }
      return membership.has(bit, slot)
    }
  }

  /// Whether an agent satisfies a queue's expression; nil is satisfied by everybody.
  func satisfies(_ slot: AgentSlot, _ expression: SkillExpression?) -> Bool {
    guard let expression else { return true }
    return holds(expression, slot.index)
  }

  /// Why an agent does not satisfy an expression; nil: he does.
  func failure(of expression: SkillExpression, _ slot: AgentSlot) -> String? {
    expression.failure { name in
      level(of: name, slot.index)
    } member: { name in
      isMember(slot, of: name)
    }
  }

  /// Whether an agent belongs to a group of the plan.
  func isMember(_ slot: AgentSlot, of group: String) -> Bool {
    namedGroups[group].map { membership.has($0, slot.index) } ?? false
  }

  /// Signs an agent in to a queue, or out of it; his place among the available stays.
  mutating func sign(_ slot: AgentSlot, to queue: Int32, _ isIn: Bool) {
    let bit = Self.bit(ofQueue: queue)
    guard membership.has(bit, slot.index) != isIn else { return }
    membership.set(bit, slot.index, isIn)
    if groups[Int(bit)].isCounted {
      let change: Int32 = isIn ? 1 : -1
      if self[slot].dn >= 0 { groups[Int(bit)].loggedIn += change }
      if self[slot].isAvailable { groups[Int(bit)].available += change }
    }
    guard self[slot].isAvailable else { return }
    idle.renew(slot.index, bits: membership)
    occupied?.renew(slot.index, bits: membership)
    counted?.renew(slot.index, bits: membership)
    numbered?.renew(slot.index, bits: membership)
  }

  func isSigned(_ slot: AgentSlot, to queue: Int32) -> Bool {
    membership.has(Self.bit(ofQueue: queue), slot.index)
  }

  func belongs(_ slot: AgentSlot, to bit: Int32) -> Bool { membership.has(bit, slot.index) }

  /// The bit of a filter; who passes it is worked out the first time.
  mutating func bit(
    of filter: AgentFilter,
    limit: Int
  ) throws(FilterProblem) -> Int32 {
    if filter.skills == nil {
      guard let name = filter.group else { return Self.everybody }
      guard let bit = namedGroups[name] else { throw .noSuchGroup(name) }
      return bit
    }
    let name = FilterName(skills: filter.skills ?? "", group: filter.group ?? "")
    if let known = filters[name] { return known }
    return try add(filter, name, limit: limit)
  }

  private mutating func add(
    _ filter: AgentFilter,
    _ name: FilterName,
    limit: Int
  ) throws(FilterProblem) -> Int32 {
    let expression: SkillExpression
    do {
      expression = try SkillExpression(parsing: name.skills)
    } catch {
      throw .expression(error)
    }
    for group in expression.groups where namedGroups[group] == nil { throw .noSuchGroup(group) }
    var within: Int32?
    if let group = filter.group {
      guard let bit = namedGroups[group] else { throw .noSuchGroup(group) }
      within = bit
    }
    let bit = try freeBit(limit: limit)
    let group = AgentGroup(definition: .filter(skills: expression, group: within))
    if Int(bit) == groups.count {
      groups.append(group)
      filterNames.append(name)
      widenIfNeeded()
    } else {
      filters.remove(filterNames[Int(bit - firstFilterBit)])
      filterNames[Int(bit - firstFilterBit)] = name
      groups[Int(bit)] = group
    }
    filters[name] = bit
    for slot in indices {
      let isIn = (within.map { membership.has($0, slot) } ?? true) && holds(expression, slot)
      membership.set(bit, slot, isIn)
    }
    idle.reload(from: membership)
    occupied?.reload(from: membership)
    counted?.reload(from: membership)
    numbered?.reload(from: membership)
    return bit
  }

  /// A new bit, or one whose filter nobody waits for.
  private mutating func freeBit(limit: Int) throws(FilterProblem) -> Int32 {
    let kept = groups.count - Int(firstFilterBit)
    guard kept >= limit else { return Int32(groups.count) }
    for _ in 0..<kept {
      let bit = firstFilterBit + hand
      hand = (hand + 1) % Int32(kept)
      if groups[Int(bit)].users == 0 { return bit }
    }
    throw .tooMany
  }

  private mutating func widenIfNeeded() {
    let words = (groups.count + 63) / 64
    guard words > membership.words else { return }
    membership.widen(to: words)
    idle.widen(to: words)
    occupied?.widen(to: words)
    counted?.widen(to: words)
    numbered?.widen(to: words)
  }

  mutating func addUser(of bit: Int32, _ change: Int32) { groups[Int(bit)].users += change }

  // MARK: Counting

  /// How many members of a group are logged in, and how many are available.
  mutating func counts(of bit: Int32) -> (loggedIn: Int, available: Int) {
    if !groups[Int(bit)].isCounted {
      groups[Int(bit)].isCounted = true
      isCounting = true
      for slot in indices where membership.has(bit, slot) {
        if agents[Int(slot)].dn >= 0 { groups[Int(bit)].loggedIn += 1 }
        if agents[Int(slot)].isAvailable { groups[Int(bit)].available += 1 }
      }
    }
    return (Int(groups[Int(bit)].loggedIn), Int(groups[Int(bit)].available))
  }

  /// Keeps the counts of those groups that somebody has asked about.
  mutating func count(_ slot: AgentSlot, loggedIn: Int32 = 0, available: Int32 = 0) {
    guard isCounting else { return }
    for word in 0..<membership.words {
      var rest = membership.word(slot.index, word)
      while rest != 0 {
        let bit = word * 64 + rest.trailingZeroBitCount
        rest &= rest - 1
        guard groups[bit].isCounted else { continue }
        groups[bit].loggedIn += loggedIn
        groups[bit].available += available
      }
    }
  }

  // MARK: Availability

  /// Enters an agent into the indexes, behind all who are available already.
  ///
  /// Who is given away within the same signal is not entered: nobody else may find him.
  mutating func becomeAvailable(_ slot: AgentSlot, at now: Instant, isGivenAway: Bool) {
    assert(!self[slot].isAvailable, "the agent is available already")
    lastIdle += 1
    self[slot].isAvailable = true
    // What is done for one may free another, who is entered as usual.
    guard !isGivenAway || givenAway >= 0 else {
      givenAway = slot.index
      return
    }
    availableCount += 1
    idle.insert(slot.index, Rank(major: 0, minor: lastIdle), bits: membership, slot.index)
    if occupied != nil {
      let rank = Rank(major: Int64(self[slot].occupancy(at: now)), minor: lastIdle)
      occupied?.insert(slot.index, rank, bits: membership, slot.index)
    }
    if counted != nil {
      let rank = Rank(major: Int64(self[slot].callsTaken), minor: lastIdle)
      counted?.insert(slot.index, rank, bits: membership, slot.index)
    }
    let number = Rank(major: Int64(slot.index), minor: 0)
    numbered?.insert(slot.index, number, bits: membership, slot.index)
    count(slot, available: 1)
  }

  /// Takes an agent out of the indexes.
  mutating func becomeUnavailable(_ slot: AgentSlot) {
    assert(self[slot].isAvailable, "the agent is not available")
    self[slot].isAvailable = false
    guard slot.index != givenAway else {
      givenAway = -1
      return
    }
    availableCount -= 1
    idle.remove(slot.index)
    occupied?.remove(slot.index)
    counted?.remove(slot.index)
    numbered?.remove(slot.index)
    count(slot, available: -1)
  }

  /// The place of an available agent in the order of a rule; smaller is chosen earlier.
  func rank(of slot: AgentSlot, by rule: SelectionRule) -> Rank {
    walk(rule) { $0.rank(of: slot.index) }
  }

  /// Makes the index of a rule the first time that it is used.
  mutating func keepIndex(for rule: SelectionRule, at now: Instant) {
    switch rule {
    case .longestIdle, .priorityList: break
    case .leastOccupied:
      guard occupied == nil else { return }
      occupied = index { Int64($0.occupancy(at: now)) }
    case .fewestCalls:
      guard counted == nil else { return }
      counted = index { Int64($0.callsTaken) }
    case .roundRobin, .random:
      guard numbered == nil else { return }
      var made = RankedIndex(words: membership.words)
      for slot in indices where agents[Int(slot)].isAvailable {
        made.insert(slot, Rank(major: Int64(slot), minor: 0), bits: membership, slot)
      }
      numbered = made
    }
  }

  private func index(_ major: (Agent) -> Int64) -> RankedIndex {
    var made = RankedIndex(words: membership.words)
    for slot in indices where agents[Int(slot)].isAvailable {
      let rank = Rank(major: major(agents[Int(slot)]), minor: idle.rank(of: slot).minor)
      made.insert(slot, rank, bits: membership, slot)
    }
    return made
  }

  // MARK: Walking

  @inline(__always)
  private func walk<Found>(_ rule: SelectionRule, _ body: (borrowing RankedIndex) -> Found) -> Found
  {
    switch rule {
    case .longestIdle, .priorityList: return body(idle)
    case .leastOccupied: if let occupied { return body(occupied) }
    case .fewestCalls: if let counted { return body(counted) }
    case .roundRobin, .random: if let numbered { return body(numbered) }
    }
    return body(idle)
  }

  /// The first available agent in the order of a rule who meets a question.
  ///
  /// **Complexity**: logarithmic in the number of available agents.
  @inline(__always)
  func first(_ question: some BitQuestion, by rule: SelectionRule) -> AgentSlot? {
    walk(rule) { $0.first(question) }.map { AgentSlot(index: $0) }
  }

  /// The next one after an available agent.
  @inline(__always)
  func next(
    after slot: AgentSlot,
    _ question: some BitQuestion,
    by rule: SelectionRule
  ) -> AgentSlot? {
    walk(rule) { $0.next(after: slot.index, question) }.map { AgentSlot(index: $0) }
  }

  /// The first available agent from a place in the plan's order on.
  func first(from start: Int32, _ question: some BitQuestion) -> AgentSlot? {
    numbered?.first(from: Rank(major: Int64(start), minor: 0), question)
      .map { AgentSlot(index: $0) }
  }

  /// Remembers whose turn it was.
  mutating func remember(_ slot: AgentSlot, turnOf bit: Int32) {
    groups[Int(bit)].lastChosen = slot.index
  }
}

extension AgentTable {
  /// What changes of it: everything but the plan, and what is looked up in it.
  struct State: Sendable, Codable {
    fileprivate var agents: [Agent]
    fileprivate var groups: [AgentGroup]
    fileprivate var membership: BitRows
    fileprivate var filterNames: [FilterName]
    fileprivate var hand: Int32
    fileprivate var idle: RankedIndex
    fileprivate var occupied: RankedIndex?
    fileprivate var counted: RankedIndex?
    fileprivate var numbered: RankedIndex?
    fileprivate var lastIdle: UInt64
    fileprivate var availableCount: Int
  }

  var state: State {
    State(
      agents: agents,
      groups: groups,
      membership: membership,
      filterNames: filterNames,
      hand: hand,
      idle: idle,
      occupied: occupied,
      counted: counted,
      numbered: numbered,
      lastIdle: lastIdle,
      availableCount: availableCount
    )
  }

  /// Takes a state over; false, and nothing changes, when it is that of another plan.
  mutating func restore(_ state: State) -> Bool {
    guard state.agents.count == agents.count,
      state.groups.count == Int(firstFilterBit) + state.filterNames.count,
      state.membership.count == agents.count
    else { return false }
    agents = state.agents
    groups = state.groups
    isCounting = groups.contains { $0.isCounted }
    membership = state.membership
    filterNames = state.filterNames
    for (index, name) in filterNames.enumerated() { filters[name] = firstFilterBit + Int32(index) }
    hand = state.hand
    idle = state.idle
    occupied = state.occupied
    counted = state.counted
    numbered = state.numbered
    lastIdle = state.lastIdle
    availableCount = state.availableCount
    return true
  }
}
