// What a call's future can depend on beyond the fingerprint, once strategies are somebody's own:
// targets, exclusions, rules, turns, chance. For the search of small worlds (`prove`).
//
// Two engines with equal search keys, whose strategies are suspended at the same places, answer
// equal signals alike, but for numbers that only count up. Parts of the past that few strategies
// can see cost states, so they are asked for.

/// Parts of the past that are told apart only where a strategy or the site looks at them.
package struct SearchDetail: OptionSet, Sendable {
  /// The bits.
  package let rawValue: UInt8

  /// Makes a set of bits.
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// How long calls have waited (`oldest_wait`, priorities that age).
  package static let waits = SearchDetail(rawValue: 1)
  /// How long conversations lasted (`expected_wait`).
  package static let handling = SearchDetail(rawValue: 2)
  /// How busy agents were (`least_occupied`, `fewest_calls`).
  package static let occupancy = SearchDetail(rawValue: 4)
  /// Where the generator stands (`random`).
  package static let chance = SearchDetail(rawValue: 8)
  /// Whose turn it is (`round_robin`).
  package static let turns = SearchDetail(rawValue: 16)
  /// Why an agent is not to be had: logged out, not ready, or his DN out of service.
  package static let absence = SearchDetail(rawValue: 32)
}

extension RoutingEngine {
  /// The state in numbers: the fingerprint without what cannot matter any more, and what else
  /// decides.
  package func searchKey(_ detail: SearchDetail) -> [Int64] {
    var numbers: [Int64] = []
    numbers.reserveCapacity(128)
    var slots: [CallSlot] = []
    calls.forEach { slots.append($0) }
    slots.sort { calls[$0].attributes.connID.value < calls[$1].attributes.connID.value }
    for slot in slots {
      // Of a conversation only the agent counts, and the wrap-up that follows.
      if case .established(let talk) = calls[slot].state {
        numbers += [
          Int64(bitPattern: calls[slot].attributes.connID.value), -8,
          Int64(talk.agent?.index ?? -1), wrapUp(after: slot).nanosecondsClamped,
        ]
      } else {
        describe(slot, among: slots, &numbers)
        describeChoice(slot, detail, &numbers)
      }
    }
    describeKept(among: slots, &numbers)
    var skipped: [Int32] = []
    for index in agents.indices {
      let slot = AgentSlot(index: index)
      if !detail.contains(.absence), isAbsent(slot) {
        numbers.append(isNearReady(slot) ? -9 : -10)
        skipped.append(agents[slot].dn)
        if let own = agents.plan(of: slot).extensionDN.flatMap({ dnIndex[$0] }) {
          skipped.append(own)
        }
      } else {
        describe(slot, &numbers)
      }
    }
    for index in dns.indices {
      numbers.append(skipped.contains(Int32(index)) ? 2 : dns[index].isInService ? 1 : 0)
    }
    for point in routingPoints { numbers.append(Int64(point.nextDefault)) }
    timers.describeTies(&numbers)
    if detail.contains(.chance) { numbers.append(Int64(bitPattern: random.position)) }
    if detail.contains(.turns) {
      for group in agents.groups { numbers.append(Int64(group.lastChosen)) }
    }
    if detail.contains(.handling) {
      for queue in queues { numbers.append(Int64(clamping: queue.handlingTime.mean)) }
    }
    if detail.contains(.occupancy) {
      for index in agents.indices {
        let agent = agents[AgentSlot(index: index)]
        numbers += [
          Int64(agent.callsTaken), Int64(clamping: agent.busyNanoseconds),
          (now - agent.loggedInAt).nanosecondsClamped, (now - agent.since).nanosecondsClamped,
        ]
      }
    }
    return numbers
  }

  /// Whether he is not to be had, no timer runs for him and no call is near him: nothing but his
  /// own request, or his DN's return, changes that.
  private func isAbsent(_ slot: AgentSlot) -> Bool {
    let agent = agents[slot]
    guard !agent.isAvailable, case .none = agent.engagement, agent.pending == nil,
      agent.afterCallWork == nil, agent.blackout == nil
    else { return false }
    return true
  }

  /// Whether one thing more (his login, his request, his DN) makes him available.
  private func isNearReady(_ slot: AgentSlot) -> Bool {
    switch agents[slot].mode {
    case .ready: true
    case .notReady: deliveryDN(of: slot) != nil
    case .loggedOut:
      agents.plan(of: slot).extensionDN.flatMap { dnIndex[$0] }.map { dns[Int($0)].isInService }
        ?? true
    }
  }

  private func describeChoice(
    _ slot: CallSlot,
    _ detail: SearchDetail,
    _ numbers: inout [Int64]
  ) {
    let call = calls[slot]
    numbers.append(Int64(bitPattern: call.attributes.connID.value))
    for target in call.targets { describe(target, &numbers) }
    switch call.decider {
    case .anybody: numbers.append(Target.any(.none).searchCode)
    case .target(let target): numbers.append(target.searchCode)
    case .nobody, .strategy, .defaults, .overflow: break
    }
    numbers += [Int64(call.rule.rawValue), Int64(call.virtualQueue), Int64(call.defaultStart)]
    for queue in call.otherQueues { numbers.append(Int64(queue)) }
    numbers.append(-2)
    for agent in call.excludedAgents { numbers.append(Int64(agent.index)) }
    numbers.append(-3)
    for dn in call.excludedDNs { numbers.append(dn.number.searchCode) }
    for number in call.triedNumbers { numbers.append(number.searchCode) }
    numbers += [
      Int64(call.overflows), Int64(call.collectedAgent?.index ?? -1),
      call.treatment == 0 ? 0 : Int64(call.treatmentType.rawValue) + 1,
    ]
    if detail.contains(.waits) {
      numbers += [
        (now - call.entered).nanosecondsClamped, (now - call.waitingSince).nanosecondsClamped,
      ]
    }
  }

  /// A group is what its members are: the bits of filters differ from path to path.
  private func describe(_ target: ResolvedTarget, _ numbers: inout [Int64]) {
    switch target {
    case .group(let bit): describe(membersOf: bit, &numbers)
    case .groupExcept(let bit, let excludedAgents, let excludedDNs):
      describe(membersOf: bit, &numbers)
      for agent in excludedAgents { numbers.append(Int64(agent.index)) }
      for dn in excludedDNs { numbers.append(dn.number.searchCode) }
    case .agent(let agent): numbers += [2, Int64(agent.index)]
    case .dn(let index): numbers += [3, Int64(index)]
    case .trunk(let name, let number): numbers += [4, name.searchCode, number.searchCode]
    }
  }

  private func describe(membersOf bit: Int32, _ numbers: inout [Int64]) {
    var mask: Int64 = 0
    for index in agents.indices {
      if index % 62 == 0, index > 0 {
        numbers.append(mask)
        mask = 0
      }
      if agents.belongs(AgentSlot(index: index), to: bit) { mask |= 1 << Int64(index % 62) }
    }
    numbers += [1, mask]
  }

  /// A call that waits although somebody who is available could take it; nil: liveness holds.
  ///
  /// It asks the same question that the call asked when it began to wait, so it finds wake-ups that
  /// were missed. Whose turn it is moves on when it finds one.
  package mutating func callPassedOver() -> ConnID? {
    guard agents.indices.contains(where: { agents[AgentSlot(index: $0)].isAvailable })
    else { return nil }
    var slots: [CallSlot] = []
    calls.forEach { slots.append($0) }
    for slot in slots {
      switch calls[slot].state {
      case .selecting:
        guard calls[slot].collectedAgent == nil else { continue }
        let targets = calls[slot].targets
        if choose(targets, by: calls[slot].rule, for: slot) != nil {
          return calls[slot].attributes.connID
        }
      case .queued:
        guard case .queue(let first) = calls[slot].device else { continue }
        if availableAgent(for: slot, first) != nil { return calls[slot].attributes.connID }
      case .consulting, .treating, .pausing, .readingHeader, .diverting, .established: continue
      }
    }
    return nil
  }

  /// A call whose strategy waits without a timeout for people none of whom is logged in.
  package func callWithoutHope() -> ConnID? {
    var found: ConnID?
    calls.forEach { slot in
      guard found == nil, case .strategy = calls[slot].decider,
        case .selecting = calls[slot].state, calls[slot].waitTimer == nil,
        !calls[slot].targets.contains(where: { isThere($0) })
      else { return }
      found = calls[slot].attributes.connID
    }
    return found
  }

  private func isThere(_ target: ResolvedTarget) -> Bool {
    switch target {
    case .group(let bit), .groupExcept(let bit, _, _):
      agents.indices.contains {
        agents[AgentSlot(index: $0)].dn >= 0 && agents.belongs(AgentSlot(index: $0), to: bit)
      }
    case .agent(let agent): agents[agent].dn >= 0
    case .dn(let index): dns[Int(index)].isInService
    case .trunk: true
    }
  }

  /// Whether somebody who is logged in serves a queue.
  package func isAttended(_ queue: DN) -> Bool {
    guard let index = dnIndex[queue], case .queue(let number) = dns[Int(index)].kind
    else { return false }
    return agents.indices.contains {
      agents[AgentSlot(index: $0)].dn >= 0
        && agents.belongs(AgentSlot(index: $0), to: queues[Int(number)].bit)
    }
  }
}

extension String {
  /// FNV-1a: the same text gives the same number.
  var searchCode: Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: hash)
  }
}

extension Target {
  var searchCode: Int64 {
    switch self {
    case .dn(let dn): ("d" + dn.number).searchCode
    case .agent(let agent): ("a" + agent.text).searchCode
    case .queue(let dn): ("q" + dn.number).searchCode
    case .queues(let list): list.reduce(7) { ($0 &* 31) ^ $1.number.searchCode }
    case .trunk(let name, let number): name.searchCode &* 31 ^ number.searchCode
    case .reject(let status): Int64(status)
    case .list(let list): list.reduce(11) { ($0 &* 31) ^ $1.searchCode }
    case .any(let filter):
      filter.excludedDNs.reduce(
        filter.excludedAgents.reduce(
          ("s" + (filter.skills ?? "")).searchCode &* 31 ^ (filter.group ?? "").searchCode
        ) { ($0 &* 31) ^ $1.text.searchCode }
      ) { ($0 &* 31) ^ $1.number.searchCode }
    }
  }
}
