public import Engine

extension Desk {
  /// A picture of the engine now.
  public var picture: Snapshot { shard.snapshot(at: now) }

  /// The answer that any strategy got last.
  public var lastAnswer: StrategyAnswer? { shard.strategies.lastAnswer }

  /// Offers a call.
  public mutating func offer(_ call: UInt64, at dn: DN, ani: String = "4420") {
    line(.offered(CallOffer(ConnID(call), at: dn, ani: ani, dnis: dn.number)))
  }

  /// The caller hangs up.
  public mutating func hangUp(_ call: UInt64) { line(.released(ConnID(call), by: .caller)) }

  /// An agent logs in at his own DN.
  public mutating func login(_ agent: AgentID, reference: UInt32 = 0) {
    signal(.agent(.login(agent, dn: nil, reference: reference)))
  }

  /// An agent gets ready.
  public mutating func ready(_ agent: AgentID, reference: UInt32 = 0) {
    signal(.agent(.ready(agent, reference: reference)))
  }

  /// An agent takes a break.
  public mutating func notReady(_ agent: AgentID, _ mode: WorkMode = .auxWork) {
    signal(.agent(.notReady(agent, mode, reason: nil, reference: 0)))
  }

  /// An agent logs out.
  public mutating func logout(_ agent: AgentID, reference: UInt32 = 0) {
    signal(.agent(.logout(agent, reference: reference)))
  }

  /// The diversions asked for, in order.
  public var diverts: [(call: UInt64, dn: String)] {
    commands.compactMap { command in
      guard case .divert(let call, _, let destination, _) = command else { return nil }
      switch destination {
      case .dn(let dn): return (call.value, dn.number)
      case .trunk(let name, let number): return (call.value, "\(name)/\(number)")
      }
    }
  }

  /// The calls diverted, in order.
  public var offeredCalls: [UInt64] { diverts.map(\.call) }

  /// The state of an agent as the snapshot says it.
  public func state(of agent: AgentID) -> String? {
    picture.agents.first { $0.id == agent }?.state
  }

  /// The state of a call as the snapshot says it.
  public func state(ofCall call: UInt64) -> String? {
    picture.calls.first { $0.attributes.connID == ConnID(call) }?.state
  }

  /// The calls that wait in a queue, first in line first.
  public func waiting(in queue: DN) -> [UInt64] {
    picture.queues.first { $0.dn == queue }?.waiting.map(\.value) ?? []
  }

  /// The latest event of a kind.
  public func last(_ kind: EventKind) -> Event? { events.last { $0.kind == kind } }

  /// How many events of a kind there were.
  public func count(_ kind: EventKind) -> Int { events.count { $0.kind == kind } }

  /// The statuses with which calls were refused, in order.
  public var refusals: [UInt16] {
    commands.compactMap { if case .reject(_, let status) = $0 { status } else { nil } }
  }
}

/// Plans for tests.
public enum Sites {
  /// Agents 1001… at 7001…, all ready from the start, who serve queue 9000; routing point 8000.
  public static func floor(
    agents count: Int,
    defaults: [Target] = [],
    ready: Bool = true,
    wrapUp: Duration = .zero
  ) -> Plan {
    var plan = Plan(
      queues: [QueuePlan("9000", wrapUp: wrapUp)],
      routingPoints: [RoutingPointPlan("8000", strategy: "s", defaults: defaults)]
    )
    for number in 0..<count {
      let dn = DN("\(7001 + number)")
      plan.extensions.append(ExtensionPlan(dn, startsInService: true))
      plan.agents.append(
        AgentPlan(AgentID("\(1001 + number)"), extensionDN: dn, logsInAutomatically: ready)
      )
    }
    return plan
  }
}
