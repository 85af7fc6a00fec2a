// What becomes of agent and call when a phone is not answered, busy or refuses (RONA; DOMAIN 2.6).

extension RoutingEngine {
  /// The plans that decide, in their order: the agent's, the device's, the site's.
  private func noAnswerPlans(_ call: CallSlot, _ agent: AgentSlot?) -> [NoAnswerPlan] {
    var plans: [NoAnswerPlan] = []
    if let agent { plans.append(agents.plan(of: agent).noAnswer) }
    switch calls[call].device {
    case .routingPoint(let index): plans.append(routingPoints[Int(index)].plan.noAnswer)
    case .queue(let index): plans.append(queues[Int(index)].plan.noAnswer)
    case .direct: break
    }
    plans.append(plan.noAnswer)
    return plans
  }

  /// How long a phone rings: as the request says, else the agent's plan, else the device's; in
  /// nanoseconds.
  @inline(__always)
  func ringTimeout(_ asked: Duration?, of call: CallSlot, _ agent: AgentSlot?) -> Int64 {
    if let asked { return asked.nanosecondsClamped }
    if let agent, let timeout = agents.plans[Int(agent.index)].noAnswer.timeout {
      return timeout.nanosecondsClamped
    }
    switch calls[call].device {
    case .routingPoint(let index): return routingPoints[Int(index)].ringing
    case .queue(let index):
      let timeout =
        queues[Int(index)].plan.noAnswer.timeout ?? queues[Int(index)].plan.ringTimeout
        ?? plan.noAnswer.timeout ?? plan.limits.ringTimeout
      return timeout.nanosecondsClamped
    case .direct:
      return (plan.noAnswer.timeout ?? plan.limits.directRingTimeout).nanosecondsClamped
    }
  }

  /// What the plans say becomes of an unanswered call; nil: it is recalled.
  func overflowSteps(
    of call: CallSlot,
    after failure: RouteFailure,
    agent: AgentSlot?
  ) -> [NoAnswerOverflow]? {
    guard failure == .noAnswer else { return nil }
    if case .overflow = calls[call].decider { return nil }
    for plan in noAnswerPlans(call, agent) {
      if let steps = plan.overflow { return steps }
    }
    return nil
  }

  /// Who does not answer becomes not ready, unless the plans say otherwise.
  ///
  /// Who refuses is left alone for a while, so that he and the call do not chase each other (PEERS
  /// B16). A direct call changes nobody's state unless his own plan says so.
  mutating func answerFailure(
    _ failure: RouteFailure,
    of agent: AgentSlot,
    for call: CallSlot,
    at dn: DN,
    _ outbox: inout Outbox
  ) {
    switch failure {
    case .noAnswer:
      guard agents[agent].mode.isReady, agents[agent].pending == nil else { return }
      switch noAnswerAction(of: agent, for: call) {
      case .none: startBlackout(of: agent, for: plan.limits.refusalBackOff)
      case .notReady:
        setMode(of: agent, .notReady(.auxWork, reason: "RONA"), &outbox)
      case .logout: logOut(agent, &outbox)
      }
    case .busy, .rejected, .unreachable, .timeout, .noSuchTarget:
      startBlackout(of: agent, for: plan.limits.refusalBackOff)
    case .cancelled:
      // Who logged out has no need of it; from the line it is a refusal like any other.
      guard agents[agent].dn >= 0 else { return }
      startBlackout(of: agent, for: plan.limits.refusalBackOff)
    }
  }

  private func noAnswerAction(of agent: AgentSlot, for call: CallSlot) -> NoAnswerAction {
    if case .direct = calls[call].device { return agents.plan(of: agent).noAnswer.action ?? .none }
    for plan in noAnswerPlans(call, agent) {
      if let action = plan.action { return action }
    }
    return .notReady
  }

  /// Tries what is to become of the call, one step after the other.
  mutating func pursueOverflow(
    _ call: CallSlot,
    _ steps: [NoAnswerOverflow],
    from start: Int,
    _ reason: OverflowReason,
    _ outbox: inout Outbox
  ) {
    var next = start
    while next < steps.count {
      let step = steps[next]
      next += 1
      switch step {
      case .recall:
        if case .queueFull = reason { continue }
        if case .overflow = calls[call].decider { break }
        recall(call, after: .noAnswer, &outbox)
        return
      case .defaultRoute:
        guard case .routingPoint = calls[call].device else { continue }
        takeDefaultRoute(call, .targetFailed(.noAnswer), &outbox)
        return
      case .release:
        refuse(call, status: 480, .noAnswer, &outbox)
        return
      case .target(let target):
        leaveStrategy(of: call, &outbox)
        calls[call].decider = .overflow(steps, next: next, reason)
        if tryFixed(target, for: call, nil, &outbox) == nil { return }
        continue
      }
      break
    }
    overflowIsExhausted(call, reason, &outbox)
  }

  private mutating func overflowIsExhausted(
    _ call: CallSlot,
    _ reason: OverflowReason,
    _ outbox: inout Outbox
  ) {
    switch calls[call].device {
    case .queue:
      switch reason {
      case .noAnswer:
        calls[call].decider = .nobody
        waitInQueues(call, &outbox)
      case .queueFull: refuse(call, status: 486, .queueFull, &outbox)
      }
    case .routingPoint: takeDefaultRoute(call, .targetFailed(.noAnswer), &outbox)
    case .direct: refuse(call, status: 480, .noAnswer, &outbox)
    }
  }
}
