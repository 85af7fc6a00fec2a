// Who waits, and which waiting call gets an agent.
//
// The one rule: priority, then ticket, over all queues that the agent serves, all selections that
// he satisfies and all that name him or his DN. Liveness: an agent who becomes available is offered
// the first of these at once, and a call that begins to wait has asked for an available agent just
// before; so no eligible pair of a waiting call and an available agent is ever left.

extension RoutingEngine {
  // MARK: Entering

  /// Order among waiting calls: priority first, as it is or as it has aged, then the ticket.
  @inline(__always)
  func rank(of call: CallSlot) -> Rank {
    let priority = Int64(calls[call].priority)
    guard let aging = plan.priorityAging else {
      return Rank(major: -priority, minor: calls[call].ticket)
    }
    // A point of priority is worth so much waiting time: the order of two calls never changes
    // while they wait, so it can be kept in an index.
    let worth = priority.multipliedReportingOverflow(by: aging.nanosecondsClamped).partialValue
    let entered = Int64(clamping: calls[call].seniority.nanoseconds)
    return Rank(major: entered &- worth, minor: calls[call].ticket)
  }

  /// A call stands in the line of a queue.
  mutating func enterLine(_ call: CallSlot, ofQueue queue: Int32) {
    let slot = addEntry(call, .queue(queue), Rank(major: 0, minor: calls[call].ticket))
    queues[Int(queue)].line.enter(slot, in: &waiting.entries)
    updateHead(ofQueue: queue)
  }

  /// A call at a routing point waits for one of its targets.
  mutating func wait(_ call: CallSlot, _ state: CallState = .selecting) {
    calls[call].state = state
    let rank = rank(of: call)
    waiting.row.clear(0)
    var hasGroups = false
    for place in calls[call].targets.indices {
      switch calls[call].targets[place] {
      case .group(let bit), .groupExcept(let bit, _, _):
        waiting.row.set(bit, 0)
        hasGroups = true
      case .agent(let agent):
        guard !stands(call, .agent(agent)) else { continue }
        let slot = addEntry(call, .agent(agent), rank)
        agents[agent].line.enter(slot, in: &waiting.entries)
      case .dn(let index):
        guard !stands(call, .dn(index)) else { continue }
        let slot = addEntry(call, .dn(index), rank)
        dns[Int(index)].line.enter(slot, in: &waiting.entries)
      case .trunk: continue
      }
    }
    guard hasGroups else { return }
    let slot = addEntry(call, .groups, rank)
    waiting.index.insert(slot, rank, bits: waiting.row, 0)
  }

  @inline(__always)
  private func stands(_ call: CallSlot, _ waitsFor: WaitingFor) -> Bool {
    var entry = calls[call].entry
    while entry >= 0 {
      if waiting.entries[entry].waitsFor == waitsFor { return true }
      entry = waiting.entries[entry].sibling
    }
    return false
  }

  private mutating func addEntry(
    _ call: CallSlot,
    _ waitsFor: WaitingFor,
    _ rank: Rank
  ) -> EntrySlot {
    var entry = LineEntry()
    entry.call = call
    entry.waitsFor = waitsFor
    entry.rank = rank
    entry.sibling = calls[call].entry
    let slot = waiting.entries.insert(entry)
    calls[call].entry = slot
    return slot
  }

  /// Keeps the front of a queue's line in the index, with the queue's bit and the call's rank.
  private mutating func updateHead(ofQueue queue: Int32) {
    guard !queues[Int(queue)].isVirtual else { return }
    let front = queues[Int(queue)].line.front
    let head = queues[Int(queue)].head
    guard front != head else { return }
    if head >= 0 { waiting.index.remove(head) }
    queues[Int(queue)].head = front
    guard front >= 0 else { return }
    waiting.row.clear(0)
    waiting.row.set(queues[Int(queue)].bit, 0)
    waiting.index.insert(front, rank(of: waiting.entries[front].call), bits: waiting.row, 0)
  }

  // MARK: Leaving

  /// A call waits no more: out of every line and of the index, all at once.
  mutating func leaveLines(_ call: CallSlot) {
    var entry = calls[call].entry
    calls[call].entry = -1
    var kept: EntrySlot = -1
    while entry >= 0 {
      let next = waiting.entries[entry].sibling
      switch waiting.entries[entry].waitsFor {
      case .queue(let queue):
        if queues[Int(queue)].isVirtual {
          // A virtual queue is left when the wait is over for it, not for the selection.
          waiting.entries[entry].sibling = kept
          kept = entry
          entry = next
          continue
        }
        leaveLine(entry, ofQueue: queue)
      case .agent(let agent): agents[agent].line.leave(entry, in: &waiting.entries)
      case .dn(let index): dns[Int(index)].line.leave(entry, in: &waiting.entries)
      case .groups: waiting.index.remove(entry)
      }
      waiting.entries.remove(entry)
      entry = next
    }
    calls[call].entry = kept
  }

  /// Out of the line of one queue.
  mutating func leaveLine(_ call: CallSlot, ofQueue queue: Int32) {
    var previous: EntrySlot = -1
    var entry = calls[call].entry
    while entry >= 0, waiting.entries[entry].waitsFor != .queue(queue) {
      previous = entry
      entry = waiting.entries[entry].sibling
    }
    guard entry >= 0 else { return }
    let next = waiting.entries[entry].sibling
    if previous >= 0 {
      waiting.entries[previous].sibling = next
    } else {
      calls[call].entry = next
    }
    leaveLine(entry, ofQueue: queue)
    waiting.entries.remove(entry)
  }

  private mutating func leaveLine(_ entry: EntrySlot, ofQueue queue: Int32) {
    if queues[Int(queue)].head == entry {
      waiting.index.remove(entry)
      queues[Int(queue)].head = -1
    }
    queues[Int(queue)].line.leave(entry, in: &waiting.entries)
    updateHead(ofQueue: queue)
  }

  // MARK: Which waiting call gets this agent

  /// Offers an agent who has become available to the first call that waits for him.
  mutating func offer(_ agent: AgentSlot, _ outbox: inout Outbox) {
    guard waiting.entries.count > 0, let entry = bestWaiting(for: agent) else { return }
    offer(agent, to: entry, &outbox)
  }

  /// Gives an available agent to a call that waits for him.
  mutating func offer(_ agent: AgentSlot, to found: EntrySlot, _ outbox: inout Outbox) {
    let entry = fault == nil ? found : tampered(found)
    let call = waiting.entries[entry].call
    announceOvertaking(entry, for: agent, &outbox)
    switch calls[call].state {
    case .queued:
      guard case .queue(let queue) = waiting.entries[entry].waitsFor,
        let dn = deliveryDN(of: agent)
      else { preconditionFailure("a call in line waits for its queue") }
      leaveLines(call)
      outbox.append(.dequeued(calls[call].attributes.connID))
      divertToAgent(agent, at: dn, from: queue, call, &outbox)
    case .selecting:
      guard let dn = place(of: agent, for: call) else {
        preconditionFailure("an agent was found for a selection that does not want him")
      }
      leaveLines(call)
      calls[call].strategyStepsAtOnce = 0
      take(.agent(agent, dn: dn), for: call, &outbox)
    case .consulting, .treating, .pausing, .readingHeader, .diverting, .established:
      preconditionFailure("a call that does not wait stands in a line")
    }
  }

  /// The entry of the call that comes first for an agent.
  mutating func bestWaiting(for agent: AgentSlot) -> EntrySlot? {
    var best: EntrySlot?
    var bestRank = Rank(major: .max, minor: .max)
    let question = CommonBit(agents.membership, agent.index)
    var candidate = waiting.index.first(question)
    while let entry = candidate {
      let rank = waiting.index.rank(of: entry)
      guard rank < bestRank else { break }
      if let found = eligible(entry, for: agent) {
        let foundRank = found == entry ? rank : self.rank(of: waiting.entries[found].call)
        if foundRank < bestRank {
          best = found
          bestRank = foundRank
        }
        if found == entry { break }
      }
      candidate = waiting.index.next(after: entry, question)
    }
    if agents[agent].line.front >= 0 {
      consider(agents[agent].line.front, agent, &best, &bestRank)
    }
    if agents[agent].place >= 0 {
      for dn in placeDNs[Int(agents[agent].place)] {
        if dns[Int(dn)].line.front >= 0 {
          consider(dns[Int(dn)].line.front, agent, &best, &bestRank)
        }
      }
    } else if dns[Int(agents[agent].dn)].line.front >= 0 {
      consider(dns[Int(agents[agent].dn)].line.front, agent, &best, &bestRank)
    }
    return best
  }

  /// With the planted bug, now and then the last of the queue instead of the first.
  private mutating func tampered(_ entry: EntrySlot) -> EntrySlot {
    guard case .takesFromBack(let perMille) = fault,
      case .queue(let queue) = waiting.entries[entry].waitsFor,
      random.next(below: 1_000) < UInt64(perMille)
    else { return entry }
    return queues[Int(queue)].line.back
  }

  /// The entry itself, or the first behind it in its queue who may have this agent.
  @inline(__always)
  private func eligible(_ entry: EntrySlot, for agent: AgentSlot) -> EntrySlot? {
    switch waiting.entries[entry].waitsFor {
    case .queue:
      var next = entry
      while next >= 0 {
        if mayServeQueue(agent, waiting.entries[next].call) { return next }
        next = waiting.entries[next].next
      }
      return nil
    case .groups, .agent, .dn:
      let call = waiting.entries[entry].call
      return place(of: agent, for: call) == nil ? nil : entry
    }
  }

  @inline(__always)
  private func consider(
    _ front: EntrySlot,
    _ agent: AgentSlot,
    _ best: inout EntrySlot?,
    _ bestRank: inout Rank
  ) {
    var entry = front
    while entry >= 0, waiting.entries[entry].rank < bestRank {
      let call = waiting.entries[entry].call
      if place(of: agent, for: call) != nil {
        best = entry
        bestRank = waiting.entries[entry].rank
        return
      }
      entry = waiting.entries[entry].next
    }
  }

  /// Overtaking is legal by priority, or with a kept place, and then it is told (PEERS B26).
  private mutating func announceOvertaking(
    _ entry: EntrySlot,
    for agent: AgentSlot,
    _ outbox: inout Outbox
  ) {
    let call = waiting.entries[entry].call
    let ticket = calls[call].ticket
    guard waiting.index.lowest < ticket || calls[call].newcomerTicket > ticket else { return }
    tellOvertaking(entry, call, ticket, for: agent, &outbox)
  }

  private mutating func tellOvertaking(
    _ entry: EntrySlot,
    _ call: CallSlot,
    _ ticket: UInt64,
    for agent: AgentSlot,
    _ outbox: inout Outbox
  ) {
    if let overtaken = waitsBefore(ticket, agent, isNewcomer: false) {
      emitOvertaking(by: call, of: overtaken, "priority", &outbox)
    } else if calls[call].newcomerTicket > ticket,
      let overtaken = waitsBehind(entry, agent)
        ?? waitsBefore(calls[call].newcomerTicket, agent, isNewcomer: true)
    {
      emitOvertaking(by: call, of: overtaken, "kept_place", &outbox)
    }
  }

  /// A call that could have this agent, with a lower ticket; of its own, if that is asked.
  @inline(__always)
  private func waitsBefore(
    _ ticket: UInt64,
    _ agent: AgentSlot,
    isNewcomer: Bool
  ) -> CallSlot? {
    guard waiting.index.lowest < ticket else { return nil }
    let question = CommonBit(agents.membership, agent.index)
    let overtaken = waiting.index.any(minorBelow: ticket, question) { entry in
      // The head of a queue may be barred from this agent, and the next behind it not.
      guard let found = eligible(entry, for: agent) else { return false }
      let call = waiting.entries[found].call
      return calls[call].ticket < ticket && !(isNewcomer && calls[call].newcomerTicket != 0)
    }
    return overtaken.flatMap { eligible($0, for: agent) }.map { waiting.entries[$0].call }
  }

  /// A call behind this one in its queue that came before it, but for the place that it has.
  @inline(__always)
  private func waitsBehind(_ entry: EntrySlot, _ agent: AgentSlot) -> CallSlot? {
    guard case .queue = waiting.entries[entry].waitsFor, waiting.entries[entry].next >= 0,
      let found = eligible(waiting.entries[entry].next, for: agent)
    else { return nil }
    let other = waiting.entries[found].call
    let newcomer = calls[waiting.entries[entry].call].newcomerTicket
    return calls[other].ticket < newcomer && calls[other].newcomerTicket == 0 ? other : nil
  }

  private mutating func emitOvertaking(
    by call: CallSlot,
    of other: CallSlot,
    _ reason: String,
    _ outbox: inout Outbox
  ) {
    record(.overtook(calls[other].attributes.connID, reason), of: call)
    var event = callEvent(.userEvent, call)
    event.reasons = [
      KeyValue("OVERTAKE", reason),
      KeyValue("OVERTAKEN", calls[other].attributes.connID.hexDigits),
    ]
    emit(event, &outbox)
  }

  /// A DN without an agent can be had: every selection that waits for it gets it, in order.
  mutating func offerDN(_ index: Int32, _ outbox: inout Outbox) {
    var entry = dns[Int(index)].line.front
    while entry >= 0, dns[Int(index)].agent == nil, dns[Int(index)].isInService {
      let call = waiting.entries[entry].call
      guard mayBeOffered(call, at: index) else {
        entry = waiting.entries[entry].next
        continue
      }
      leaveLines(call)
      calls[call].strategyStepsAtOnce = 0
      take(.dn(index), for: call, &outbox)
      entry = dns[Int(index)].line.front
    }
  }
}
