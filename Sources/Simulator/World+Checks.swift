internal import Engine

// What must hold after every signal, by the snapshot.
extension World {
  mutating func compare() {
    let picture = shard.snapshot(at: now)
    if picture.lastSequence != lastSequence { fault("lastSequence") }
    compareCalls(picture)
    compareQueues(picture)
    compareAgents(picture)
    compareStrategies(picture)
    checkLiveness(picture)
  }

  private mutating func compareCalls(_ picture: Snapshot) {
    let shown = picture.calls.map(\.attributes.connID.value)
    if shown != alive { fault("calls \(shown), expected \(alive)") }
    for entry in picture.calls {
      guard let call = calls[entry.attributes.connID.value] else { continue }
      let isSent = entry.state == "diverting" || entry.state == "ringing"
      if isSent != (call.liveAttempt != nil) { fault("\(entry.state) against \(call)") }
      if (entry.state == "established") != call.isTalking { fault("\(entry.state) of \(call)") }
      if entry.attempts != call.lastAttempt { fault("attempts of \(call)") }
      if let device = call.device, entry.at != device, !call.home.contains(entry.at) {
        fault("at \(entry.at) of \(call)")
      }
    }
    for number in calls.keys where !alive.contains(number) {
      if let call = calls[number],
        call.leg != nil || call.isAtDevice || call.isAsked || call.virtual != nil
      {
        fault("call \(number) ended, and nobody was told: \(call)")
      }
      calls[number]?.device = "gone"
    }
    guard calls.count > 64, nextConnID > 40 else { return }
    let recent = nextConnID - 40
    calls = calls.filter { alive.contains($0.key) || $0.key > recent }
  }

  private mutating func compareQueues(_ picture: Snapshot) {
    for queue in picture.queues {
      if queue.isVirtual {
        let present = alive.filter { calls[$0]?.virtual == queue.dn }.sorted()
        if queue.waiting.map(\.value).sorted() != present { fault("\(queue)") }
        continue
      }
      let shown = queue.waiting.map(\.value)
      if shown != waiting[queue.dn] ?? [] { fault("\(queue.dn.number): \(shown), \(waiting)") }
    }
    for entry in picture.calls {
      let number = entry.attributes.connID.value
      let places = waiting.values.count { $0.contains(number) }
      let expected = entry.state == "queued" ? max(1, calls[number]?.home.count ?? 1) : 0
      if places != expected { fault("\(entry) stands in \(places)") }
    }
  }

  private mutating func compareAgents(_ picture: Snapshot) {
    var engaged: [UInt64] = []
    for agent in picture.agents {
      if let dn = agent.dn, agentAt[dn] != agent.id { fault("login of \(agent)") }
      if let call = agent.call {
        if calls[call.value]?.originAgent == agent.id { continue }
        if engaged.contains(call.value) { fault("call \(call.value) has two agents") }
        engaged.append(call.value)
        if !alive.contains(call.value) { fault("\(agent.id.text) is kept by a call that is gone") }
      }
    }
    for entry in alive {
      guard let call = calls[entry], let agent = call.agent else { continue }
      guard call.liveAttempt != nil || call.isTalking else { continue }
      if picture.agents.first(where: { $0.id == agent })?.call?.value != entry {
        fault("agent \(agent.text) does not know of call \(entry)")
      }
    }
    for reservation in picture.reservations {
      if !alive.contains(reservation.owner.value) { fault("reservation without a call") }
      if reservation.reason == "selected" {
        let limit = picture.time + UInt64(plan.limits.reservationExpiry.nanosecondsClamped)
        if reservation.expires == nil || reservation.expires ?? 0 > limit { fault("expiry") }
      }
    }
  }

  private mutating func compareStrategies(_ picture: Snapshot) {
    if let breach = shard.strategies.breaches.first { fault(breach) }
    var live = 0
    for entry in picture.calls {
      let run = shard.strategies.runs[entry.attributes.connID]
      if run != nil { live += 1 }
      let fits: Bool
      switch entry.state {
      case "queued", "established": fits = run == nil
      case "waiting": if case .wait = run?.pending { fits = true } else { fits = false }
      case "treated": if case .treat = run?.pending { fits = true } else { fits = false }
      case "consulting": if case .header = run?.pending { fits = true } else { fits = false }
      case "selecting":
        switch run?.pending {
        case nil, .select: fits = true
        default: fits = false
        }
      default:
        switch run?.pending {
        case nil, .route: fits = true
        default: fits = false
        }
      }
      if !fits { fault("\(entry.state) while its strategy waits for \(String(describing: run))") }
    }
    if live != shard.strategies.liveCount { fault("a strategy outlived its call") }
  }

  /// Whoever is available has been offered every call that he could take.
  private mutating func checkLiveness(_ picture: Snapshot) {
    let inService = picture.dns.filter(\.inService).map(\.dn)
    let free = picture.agents.filter { agent in
      guard let dn = agent.dn, agent.state == "ready", agent.call == nil else { return false }
      return agent.reason != "left alone" && inService.contains(dn)
    }
    for queue in picture.queues {
      guard !queue.isVirtual else { continue }
      let serving = free.count { signed[$0.id]?.contains(queue.dn) == true }
      if queue.agentsAvailable != serving { fault("agentsAvailable of \(queue.dn.number)") }
    }
    for agent in free {
      for queue in signed[agent.id] ?? [] {
        for call in waiting[queue] ?? [] where calls[call]?.ani != agent.dn?.number {
          fault("\(agent.id.text) is free and call \(call) waits in \(queue.number)")
        }
      }
    }
    for entry in picture.calls where entry.state == "selecting" {
      let connID = entry.attributes.connID
      // With a collection window open, somebody has been found for it.
      let collects = picture.reservations.contains {
        $0.owner == connID && $0.reason == "collecting"
      }
      guard !collects else { continue }
      var targets: [Target] = []
      if case .select = shard.strategies.runs[connID]?.pending {
        targets = shard.strategies.targets(of: connID)
      } else if let target = shard.strategies.returned[connID] {
        // Only the last of a list is waited for.
        if case .list(let list) = target { targets = list.suffix(1) } else { targets = [target] }
      }
      for agent in free where targets.contains(where: { couldServe(agent, connID, $0) }) {
        fault("\(agent.id.text) is free and call \(connID.value) selects \(targets)")
      }
      for case .dn(let dn) in targets where agentAt[dn] == nil && inService.contains(dn) {
        if mayHave(dn, connID) { fault("\(dn.number) is free and \(connID.value) selects it") }
      }
    }
  }

  private func mayHave(_ dn: DN, _ connID: ConnID) -> Bool {
    guard let call = calls[connID.value] else { return false }
    let excluded = shard.strategies.excluded(by: connID)
    return dn.number != call.ani && !call.tried.contains(dn) && !excluded.contains(.dn(dn))
  }

  private func couldServe(_ agent: AgentPicture, _ connID: ConnID, _ target: Target) -> Bool {
    guard let dn = agent.dn, mayHave(dn, connID) else { return false }
    if shard.strategies.excluded(by: connID).contains(.agent(agent.id)) { return false }
    switch target {
    case .any(let filter):
      if filter.excludedAgents.contains(agent.id) || filter.excludedDNs.contains(dn) {
        return false
      }
      if let group = filter.group, members[group]?.contains(agent.id) != true { return false }
      return filter.skills == nil || serves[agent.id]?.contains("9001") == true
    case .agent(let id): return id == agent.id
    case .dn(let wanted): return wanted == dn
    case .queue, .queues, .trunk, .reject, .list: return false
    }
  }
}
