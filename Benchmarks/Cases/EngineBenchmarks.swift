import Engine

/// A runtime that answers every call with `ANY` and remembers nothing: the engine alone.
struct AnyStrategy: StrategyRuntime, ~Copyable {
  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    .finished(.any(.none))
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    .finished(nil)
  }

  mutating func cancel(_ call: ConnID) {}

  mutating func rename(_ call: ConnID, to connID: ConnID) {}
}

/// A site with that many agents, all ready, and routing point 8000.
func benchmarkPlan(agents: Int, divert: DivertMode, strategy: StrategyName = "any") -> Plan {
  var plan = Plan(name: "bench")
  for index in 0..<agents {
    let dn = DN(String(1_001 + index))
    plan.extensions.append(ExtensionPlan(dn, startsInService: true))
    plan.agents.append(
      AgentPlan(AgentID("a\(1_001 + index)"), extensionDN: dn, logsInAutomatically: true)
    )
  }
  var point = RoutingPointPlan("8000", strategy: strategy, divert: divert)
  point.redirectBlackout = .zero
  plan.routingPoints = [point]
  return plan
}

/// Drives one shard through whole calls, one after the other.
func redirectCalls<Strategies: StrategyRuntime & ~Copyable>(
  _ shard: inout Shard<Strategies>,
  count: Int
) {
  for number in 1...count {
    let now = Instant(nanoseconds: UInt64(number) * 1_000)
    let call = ConnID(UInt64(number))
    let offer = CallOffer(call, at: "8000", ani: "+74900000001", dnis: "8000")
    var attempt: UInt32 = 0
    shard.handle(.line(.offered(offer)), at: now) { outbox in
      for command in outbox.lineCommands {
        if case .divert(_, let number, _, _) = command { attempt = number }
      }
    }
    shard.handle(.line(.diverted(call, attempt: attempt)), at: now) { keep($0.events.count) }
  }
}

/// The same for calls that ring, are answered and end.
func bridgeCalls<Strategies: StrategyRuntime & ~Copyable>(
  _ shard: inout Shard<Strategies>,
  count: Int
) {
  for number in 1...count {
    let now = Instant(nanoseconds: UInt64(number) * 1_000)
    let call = ConnID(UInt64(number))
    let offer = CallOffer(call, at: "8000", ani: "+74900000001", dnis: "8000")
    shard.handle(.line(.offered(offer)), at: now) { keep($0.events.count) }
    shard.handle(.line(.ringing(call, attempt: 1)), at: now) { keep($0.events.count) }
    shard.handle(.line(.answered(call, attempt: 1)), at: now) { keep($0.events.count) }
    shard.handle(.line(.released(call, by: .caller)), at: now) { keep($0.events.count) }
  }
}

private final class Box<Strategies: StrategyRuntime & ~Copyable> {
  var shard: Shard<Strategies>
  init(_ shard: consuming Shard<Strategies>) { self.shard = shard }
}

/// Prepares a run of calls on a fresh engine.
func prepareCalls<Strategies: StrategyRuntime & ~Copyable>(
  _ plan: Plan,
  _ strategies: consuming Strategies,
  bridged: Bool,
  count: Int
) -> () -> Void {
  var shard = Shard(
    engine: RoutingEngine(plan: plan, seed: 1, epoch: 1_700_000_000_000_000_000),
    strategies: strategies
  )
  shard.handle(.control(.start), at: .zero) { keep($0.events.count) }
  let box = Box(shard)
  return {
    if bridged {
      bridgeCalls(&box.shard, count: count)
    } else {
      redirectCalls(&box.shard, count: count)
    }
  }
}

let engineCases: [Case] = [
  Case(name: "engine: a redirected call, ANY among 100 agents", operations: 200_000) { count in
    let plan = benchmarkPlan(agents: 100, divert: .redirect)
    return prepareCalls(plan, AnyStrategy(), bridged: false, count: count)
  },
  Case(name: "engine: a bridged call, ANY among 100 agents", operations: 200_000) { count in
    let plan = benchmarkPlan(agents: 100, divert: .bridge)
    return prepareCalls(plan, AnyStrategy(), bridged: true, count: count)
  },
  Case(name: "engine: a bridged call, ANY among 10,000 agents", operations: 200_000) { count in
    let plan = benchmarkPlan(agents: 10_000, divert: .bridge)
    return prepareCalls(plan, AnyStrategy(), bridged: true, count: count)
  },
]
