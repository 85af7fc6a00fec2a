// The routing engine inside another program: no SIP, no sockets, no clock. The program gives the
// engine signals and instants, and does what the outbox says. Strategies need not be Lua either.

import Engine

/// A strategy in Swift: select anybody who is free within ten seconds, then go there.
struct AnyoneFree: StrategyRuntime {
  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    .requested(.select(Selection([.any(AgentFilter())], timeout: .seconds(10))))
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    guard case .selected(let target) = answer else { return .finished(nil) }
    return .finished(target)
  }

  mutating func cancel(_ call: ConnID) {}

  mutating func rename(_ call: ConnID, to connID: ConnID) {}
}

let plan = Plan(
  name: "embedded",
  extensions: [ExtensionPlan("7001", startsInService: true)],
  agents: [AgentPlan("1001", name: "Ana", extensionDN: "7001", logsInAutomatically: true)],
  routingPoints: [RoutingPointPlan("8000", strategy: "anyone")]
)
var shard = Shard(engine: RoutingEngine(plan: plan, seed: 1, epoch: 0), strategies: AnyoneFree())

let call = ConnID(1)
let offer = CallOffer(call, at: "8000", ani: "442071838750", dnis: "8000")
let story: [(seconds: Int64, signal: Signal)] = [
  (0, .control(.start)),
  (1, .line(.offered(offer))),
  (2, .line(.ringing(call, attempt: 1))),
  (4, .line(.answered(call, attempt: 1))),
  (60, .line(.released(call, by: .caller))),
]
for (seconds, signal) in story {
  shard.handle(signal, at: .zero + .seconds(seconds)) { outbox in
    for command in outbox.lineCommands { print("\(seconds) s: do \(command)") }
    for event in outbox.events { print("\(seconds) s: \(event.thisDN.number) \(event.kind)") }
  }
}
