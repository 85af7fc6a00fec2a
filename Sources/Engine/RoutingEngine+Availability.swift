// When agents are available, and what follows a call.

extension RoutingEngine {
  /// Brings the indexes of the available up to date; who joins them is offered a waiting call.
  mutating func updateAvailability(of agent: AgentSlot, _ outbox: inout Outbox) {
    let shouldBe = canBeOffered(agent)
    guard shouldBe != agents[agent].isAvailable else { return }
    if shouldBe {
      // Whoever is given a call at once need not be found by others before.
      let entry = waiting.entries.count > 0 ? bestWaiting(for: agent) : nil
      agents.becomeAvailable(agent, at: now, isGivenAway: entry != nil)
      if let entry { offer(agent, to: entry, &outbox) }
    } else {
      agents.becomeUnavailable(agent)
    }
  }

  /// A DN of his came or went: he may be reachable where he was not, so calls are offered again.
  mutating func refreshAvailability(of agent: AgentSlot, _ outbox: inout Outbox) {
    let was = agents[agent].isAvailable
    updateAvailability(of: agent, &outbox)
    if was, agents[agent].isAvailable { offer(agent, &outbox) }
  }

  @inline(__always)
  private func canBeOffered(_ agent: AgentSlot) -> Bool {
    guard agents[agent].mode.isReady, case .none = agents[agent].engagement,
      agents[agent].blackout == nil
    else { return false }
    return deliveryDN(of: agent) != nil
  }

  /// A call that engaged him came to nothing, or was his own: what he asked for takes effect.
  mutating func callIsOver(for agent: AgentSlot, _ outbox: inout Outbox) {
    // What was asked for while he talked comes after the after-call work, whatever he does in it.
    if !agents[agent].hasCall, agents[agent].afterCallWork == nil,
      let pending = agents[agent].pending, agents[agent].dn >= 0
    {
      agents[agent].pending = nil
      setMode(of: agent, pending, &outbox)
    }
    updateAvailability(of: agent, &outbox)
  }

  /// A conversation is over: after-call work if the call brings it and the agent was ready.
  ///
  /// The timer is his own (PEERS B11, B29). What he asked for while he talked comes after it.
  mutating func conversationEnded(
    of agent: AgentSlot,
    wrapUp: Duration,
    _ outbox: inout Outbox
  ) {
    // He may have logged in elsewhere while he talked: his DN of now counts, not the call's.
    guard case .ready(let workMode) = agents[agent].mode, agents[agent].dn >= 0 else {
      callIsOver(for: agent, &outbox)
      return
    }
    let isManual = workMode == .manualIn
    guard wrapUp > .zero || isManual else {
      callIsOver(for: agent, &outbox)
      return
    }
    if !isManual {
      agents[agent].afterCallWork = timers.arm(.afterCallWork(agent), at: now + wrapUp)
    }
    setMode(of: agent, .notReady(.afterCallWork, reason: nil), &outbox)
    updateAvailability(of: agent, &outbox)
  }

  mutating func afterCallWorkEnded(_ agent: AgentSlot, _ outbox: inout Outbox) {
    agents[agent].afterCallWork = nil
    let next = agents[agent].pending ?? .ready(.autoIn)
    agents[agent].pending = nil
    setMode(of: agent, next, &outbox)
    updateAvailability(of: agent, &outbox)
  }

  /// Keeps an agent out of selection for a while; zero: not at all.
  mutating func leaveAlone(
    _ agent: AgentSlot,
    for duration: Duration,
    _ outbox: inout Outbox
  ) {
    if duration > .zero, agents[agent].dn >= 0 { startBlackout(of: agent, for: duration) }
    callIsOver(for: agent, &outbox)
  }

  mutating func startBlackout(of agent: AgentSlot, for duration: Duration) {
    timers.disarm(agents[agent].blackout)
    agents[agent].blackout = timers.arm(.blackout(agent), at: now + duration)
    noteStanding(of: agent)
  }
}
