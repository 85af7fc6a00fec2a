// Calls in queues: entering, waiting, overflowing (DOMAIN 2.3; ADR 0004).

extension RoutingEngine {
  /// How many calls a queue takes.
  func lengthMax(ofQueue index: Int32) -> Int {
    min(queues[Int(index)].plan.lengthMax ?? .max, plan.limits.queueLengthMax)
  }

  func isFull(_ index: Int32) -> Bool {
    Int(queues[Int(index)].line.count) >= lengthMax(ofQueue: index)
  }

  /// A call enters a queue: from here it leaves only to one of its agents, by abandoning, or as the
  /// queue's own plan says.
  mutating func enterQueue(_ call: CallSlot, _ index: Int32, _ outbox: inout Outbox) {
    if isFull(index) {
      overflow(call, from: index, &outbox)
    } else {
      settle(call, in: index, others: [], &outbox)
    }
  }

  /// A call enters several queues with one ticket; those that are full are left out.
  mutating func enterQueues(_ call: CallSlot, _ indices: [Int32], _ outbox: inout Outbox) {
    var open: [Int32] = []
    for index in indices where !isFull(index) && !open.contains(index) { open.append(index) }
    guard let first = open.first else {
      if let full = indices.first { overflow(call, from: full, &outbox) }
      return
    }
    settle(call, in: first, others: Array(open.dropFirst()), &outbox)
  }

  private mutating func settle(
    _ call: CallSlot,
    in first: Int32,
    others: [Int32],
    _ outbox: inout Outbox
  ) {
    calls[call].device = .queue(first)
    calls[call].otherQueues = others
    calls[call].decider = .nobody
    // Who has taken over a kept place stands where he stood when it was kept.
    if calls[call].newcomerTicket == 0 {
      lastTicket += 1
      calls[call].ticket = lastTicket
    }
    calls[call].waitingSince = now
    recordQueues(of: call, first, others)
    emitQueued(call, &outbox)
    waitInQueues(call, &outbox)
  }

  /// A queue is full: its own overflow target, or 486 (never a silent loss).
  private mutating func overflow(_ call: CallSlot, from index: Int32, _ outbox: inout Outbox) {
    let queue = queues[Int(index)].plan
    let limit =
      queue.lengthMax.map { "limit \($0)" } ?? "queueLengthMax (\(plan.limits.queueLengthMax))"
    emitError("queue \(queue.dn.number) is full: \(limit) is reached", at: queue.dn, &outbox)
    calls[call].device = .queue(index)
    calls[call].otherQueues = []
    calls[call].waitingSince = now
    calls[call].overflows += 1
    guard let target = queue.overflow, calls[call].overflows <= Self.overflowsMax else {
      record(.ended(.refused(486)), of: call)
      outbox.append(.reject(calls[call].attributes.connID, status: 486))
      end(call, &outbox)
      return
    }
    emitQueued(call, &outbox)
    calls[call].decider = .nobody
    pursueOverflow(call, [.target(target)], from: 0, .queueFull, &outbox)
  }

  /// Full queues may overflow into one another; a call follows so many of them.
  private static var overflowsMax: UInt8 { 8 }

  /// The call takes an agent who is available, or stands in its lines.
  mutating func waitInQueues(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .queue(let first) = calls[call].device else {
      preconditionFailure("a call in line is at a queue")
    }
    if let (agent, queue) = availableAgent(for: call, first), let dn = deliveryDN(of: agent) {
      divertToAgent(agent, at: dn, from: queue, call, &outbox)
      return
    }
    calls[call].state = .queued
    enterLine(call, ofQueue: first)
    for queue in calls[call].otherQueues { enterLine(call, ofQueue: queue) }
    outbox.append(
      .queued(
        calls[call].attributes.connID,
        queue: queues[Int(first)].plan.dn,
        position: position(of: call, inQueue: first)
      )
    )
  }

  func position(of call: CallSlot, inQueue queue: Int32) -> Int {
    var entry = calls[call].entry
    while entry >= 0, waiting.entries[entry].waitsFor != .queue(queue) {
      entry = waiting.entries[entry].sibling
    }
    return entry < 0
      ? 0 : queues[Int(queue)].line.position(of: entry, in: waiting.entries)
  }

  /// The longest idle of the agents who serve any of the call's queues.
  mutating func availableAgent(
    for call: CallSlot,
    _ first: Int32
  ) -> (AgentSlot, Int32)? {
    let bit = queues[Int(first)].bit
    guard !calls[call].otherQueues.isEmpty else {
      return search(OneBit(bit), by: .longestIdle, turnOf: bit, for: call, .serving)
        .map { ($0, first) }
    }
    waiting.row.clear(0)
    waiting.row.set(bit, 0)
    for queue in calls[call].otherQueues { waiting.row.set(queues[Int(queue)].bit, 0) }
    let question = CommonBit(waiting.row, 0)
    guard let agent = search(question, by: .longestIdle, turnOf: bit, for: call, .serving)
    else { return nil }
    if agents.belongs(agent, to: bit) { return (agent, first) }
    let queue = calls[call].otherQueues.first {
      agents.belongs(agent, to: queues[Int($0)].bit)
    }
    return (agent, queue ?? first)
  }

  /// A call of a queue goes to an agent; the queue that he serves becomes its ThisQueue.
  mutating func divertToAgent(
    _ agent: AgentSlot,
    at dn: Int32,
    from queue: Int32,
    _ call: CallSlot,
    _ outbox: inout Outbox
  ) {
    if case .queue(let first) = calls[call].device, first != queue {
      calls[call].otherQueues.removeAll { $0 == queue }
      calls[call].otherQueues.append(first)
      calls[call].device = .queue(queue)
    }
    divert(
      call,
      to: Way(dn: dn),
      agent: agent,
      ringTimeout: ringTimeout(nil, of: call, agent),
      &outbox
    )
  }

  // MARK: How long it will take

  /// How long a caller who enters a queue now is likely to wait (ADR 0013).
  ///
  /// With s agents who end their calls at random, the p-th in line waits for p ends: the sum of p
  /// exponential times of mean h/s. Its mean is p·h/s, its deviation that of √p of them; the bounds
  /// are 1.28 deviations away, which leaves out one wait of ten on each side. Nobody waits while
  /// more agents are available than calls wait.
  mutating func expectedWait(ofQueue index: Int32) -> ExpectedWait {
    let counts = agents.counts(of: queues[Int(index)].bit)
    let ahead = Int(queues[Int(index)].line.count)
    guard counts.available <= ahead else {
      return ExpectedWait(mean: .zero, low: .zero, high: .zero)
    }
    let position = UInt64(ahead - counts.available + 1)
    // Nobody logged in: as if one agent came, so that the figure grows with the line.
    let staff = UInt64(max(1, counts.loggedIn))
    let each = queues[Int(index)].handlingTime.mean / staff
    let mean = position.multipliedReportingOverflow(by: each).partialValue
    // √p in thousandths, so that small lines are not rounded away.
    let deviation = each / 1_000 * squareRoot(of: position * 1_000_000) * 128 / 100
    let low = mean > deviation ? mean - deviation : 0
    return ExpectedWait(
      mean: .nanoseconds(Int64(clamping: mean)),
      low: .nanoseconds(Int64(clamping: low)),
      high: .nanoseconds(Int64(clamping: mean + deviation))
    )
  }

  private func squareRoot(of number: UInt64) -> UInt64 {
    guard number > 1 else { return number }
    var root = number
    var next = (number + 1) / 2
    while next < root {
      root = next
      next = (root + number / root) / 2
    }
    return root
  }
}
