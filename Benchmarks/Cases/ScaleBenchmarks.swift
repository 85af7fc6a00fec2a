// What a call costs when there are many agents, and when many calls wait.

import Engine
import LuaBridge

/// Fifty skill expressions, of all shapes.
let skillExpressions: [String] = (0..<50).map { index in
  let skill = "skill\(index % 10)"
  let other = "skill\((index * 7 + 3) % 10)"
  return switch index % 5 {
  case 0: "\(skill) > \(index / 10)"
  case 1: "\(skill) >= \(1 + index / 10) and \(other) > 0"
  case 2: "\(skill) > \(index / 10) or \(other) > 5"
  case 3: "not (\(skill) > 2) and \(other) >= \(index / 10)"
  default: "\(skill) > 0 and (\(other) > 3 or skill0 > 4)"
  }
}

/// Returns `any { skills = … }`, one expression after the other.
struct SkillStrategy: StrategyRuntime, ~Copyable {
  private let targets = skillExpressions.map { Target.any(AgentFilter(skills: $0)) }

  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep {
    .finished(targets[Int(facts.connID.value % 50)])
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

/// A floor of agents with skills drawn from a seed, all ready; routing point 8000, queue 9000.
func skilledFloor(agents: Int, ready: Bool = true) -> Plan {
  var random = SplitMix64(seed: 42)
  var plan = Plan(name: "bench")
  plan.extensions.reserveCapacity(agents)
  for index in 0..<agents {
    let dn = DN(String(1_000_001 + index))
    plan.extensions.append(ExtensionPlan(dn, startsInService: true))
    var skills: [SkillLevel] = []
    for skill in 0..<10 where random.next(below: 2) == 0 {
      skills.append(SkillLevel("skill\(skill)", Int32(1 + random.next(below: 9))))
    }
    plan.agents.append(
      AgentPlan(
        AgentID("a\(1_000_001 + index)"),
        skills: skills,
        extensionDN: dn,
        logsInAutomatically: ready
      )
    )
  }
  plan.queues = [QueuePlan("9000", agents: "skill0 > 0")]
  plan.routingPoints = [RoutingPointPlan("8000", strategy: "s", timeout: .seconds(100_000))]
  plan.limits.callsMax = 4_000_000
  plan.limits.queueLengthMax = 4_000_000
  return plan
}

private final class Floor {
  var shard: Shard<SkillStrategy>
  /// Calls that talk, in the order in which they began.
  var talking: [ConnID] = []
  var oldest = 0
  var diverted: [ConnID] = []
  var next: UInt64 = 0
  var now = Instant(nanoseconds: 1_000)

  init(agents: Int) {
    shard = Shard(
      engine: RoutingEngine(plan: skilledFloor(agents: agents), seed: 1, epoch: 0),
      strategies: SkillStrategy()
    )
    give(.control(.start))
  }

  func give(_ signal: Signal) {
    now = now + .nanoseconds(1_000)
    shard.handle(signal, at: now) { outbox in
      for command in outbox.lineCommands {
        if case .divert(let call, _, _, _) = command { diverted.append(call) }
      }
    }
  }

  /// A call comes; every fourth at the queue.
  func arrive() {
    next += 1
    let dn: DN = next % 4 == 0 ? "9000" : "8000"
    give(.line(.offered(CallOffer(ConnID(next), at: dn, ani: "+74900000001", dnis: dn.number))))
  }

  /// Whoever was sent to an agent rings and is answered.
  func connect() {
    var index = 0
    while index < diverted.count {
      give(.line(.ringing(diverted[index], attempt: 1)))
      give(.line(.answered(diverted[index], attempt: 1)))
      talking.append(diverted[index])
      index += 1
    }
    diverted.removeAll(keepingCapacity: true)
  }

  /// The call that talks the longest ends; its agent gets the first call that waits for him.
  func hangUp() {
    give(.line(.released(talking[oldest], by: .caller)))
    oldest += 1
    if oldest == 65_536 {
      talking.removeFirst(oldest)
      oldest = 0
    }
  }
}

private func amongAgents(_ agents: Int) -> Case {
  Case(name: "scale: a call for one of 50 skills among \(agents) agents", operations: 100_000) {
    count in
    let floor = Floor(agents: agents)
    // Every expression has been used once, so that none is compiled while it is measured.
    for _ in 0..<60 { floor.arrive() }
    floor.connect()
    while floor.oldest < floor.talking.count { floor.hangUp() }
    return {
      for _ in 0..<count {
        floor.arrive()
        floor.connect()
        floor.hangUp()
      }
    }
  }
}

private func besideWaiting(_ waiting: Int) -> Case {
  Case(name: "scale: a call that waits behind \(waiting) others", operations: 50_000) { count in
    let floor = Floor(agents: 100)
    for _ in 0..<(waiting + 100) {
      floor.arrive()
      floor.connect()
    }
    return {
      for _ in 0..<count {
        floor.arrive()
        floor.hangUp()
        floor.connect()
      }
    }
  }
}

let scaleCases: [Case] =
  [100, 1_000, 10_000, 100_000].map(amongAgents)
  + [100, 10_000, 1_000_000].map(besideWaiting)
