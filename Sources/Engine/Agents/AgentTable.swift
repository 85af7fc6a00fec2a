/// All agents of the plan, and the line of those who are available, longest idle first.
struct AgentTable: Sendable {
  private var agents: [Agent] = []
  private var byID = Lookup<AgentID, AgentSlot>()
  private var front: Int32 = -1
  private var back: Int32 = -1
  private(set) var availableCount = 0

  init() {}

  var indices: Range<Int32> { 0..<Int32(agents.count) }

  func slot(of id: AgentID) -> AgentSlot? { byID[id] }

  subscript(slot: AgentSlot) -> Agent {
    _read { yield agents[Int(slot.index)] }
    _modify { yield &agents[Int(slot.index)] }
  }

  mutating func append(_ agent: Agent) {
    byID[agent.plan.id] = AgentSlot(index: Int32(agents.count))
    agents.append(agent)
  }

  /// The agent who has been available the longest.
  var longestIdle: AgentSlot? { front < 0 ? nil : AgentSlot(index: front) }

  /// The next one in the line of the available.
  func after(_ slot: AgentSlot) -> AgentSlot? {
    let next = self[slot].next
    return next < 0 ? nil : AgentSlot(index: next)
  }

  /// Puts an agent at the end of the line of the available.
  mutating func becomeAvailable(_ slot: AgentSlot) {
    assert(!self[slot].isAvailable, "the agent is available already")
    self[slot].isAvailable = true
    self[slot].previous = back
    self[slot].next = -1
    if back >= 0 { agents[Int(back)].next = slot.index } else { front = slot.index }
    back = slot.index
    availableCount += 1
  }

  /// Takes an agent out of the line of the available.
  mutating func becomeUnavailable(_ slot: AgentSlot) {
    assert(self[slot].isAvailable, "the agent is not available")
    let previous = self[slot].previous
    let next = self[slot].next
    if previous >= 0 { agents[Int(previous)].next = next } else { front = next }
    if next >= 0 { agents[Int(next)].previous = previous } else { back = previous }
    self[slot].isAvailable = false
    availableCount -= 1
  }
}
