// The engine's door and its state.
//
// Invariants, checked by the simulator and in part by assertions:
// - a call is in exactly one state, and in one line at most;
// - an agent is engaged with one call at most, and every engagement's call is alive;
// - every timer has an owner, who disarms it when it ends;
// - sequence numbers, tickets and attempts only grow;
// - whenever an available agent could take a waiting call, he has been offered it (liveness).
// Who may change it: `handle`, through the extensions beside this file.

/// Decides what happens to calls.
///
/// Pure: the same plan, seed and sequence of (signal, instant) give the same outbox, byte for byte.
///
/// **For those who write a shell.** Give `.control(.start)` first. Call `handle` with instants that
/// never go back, and with `.clock` once `nextDeadline` has come. Carry out line commands in order;
/// answer every `divert` with `ringing`, `answered`, `diverted` or `diversionFailed` of the same
/// attempt, until it is cancelled or the call is released. Strategy commands are `Shard`'s
/// business. Signals that come too late (of a call that is gone, of an attempt that is over) are
/// harmless.
public struct RoutingEngine: ~Copyable {
  let plan: Plan
  let epoch: UInt64
  var random: SplitMix64
  var now = Instant.zero
  var sequence: UInt64 = 0

  var calls = CallTable()
  var agents = AgentTable()
  var queues: [Queue] = []
  var routingPoints: [RoutingPoint] = []
  var dns: [DNRecord] = []
  var dnIndex = Lookup<DN, Int32>()
  var timers = TimerTable()
  /// Calls that wait in a selection, at all routing points.
  var selectors = WaitingLine(ordersByPriority: true)

  var skillNumbers = Lookup<String, Int>()
  var compiledSkills = Lookup<String, CompiledSkills>()

  var lastTicket: UInt64 = 0
  var lastCallID: UInt32 = 0
  var lastReference: UInt32 = 0
  let uuidHigh: UInt64
  let uuidMiddle: UInt64
  var isDraining = false
  var strategyFingerprint = ""

  /// Makes an engine.
  ///
  /// - Parameters:
  ///   - plan: The site; names in it must be unique and its skill expressions valid (`Service`
  ///     checks; an invalid expression of a queue is served by nobody).
  ///   - seed: The source of all chance.
  ///   - epoch: What instant zero is: nanoseconds since the Unix epoch.
  public init(plan: Plan, seed: UInt64, epoch: UInt64) {
    self.plan = plan
    self.epoch = epoch
    random = SplitMix64(seed: seed)
    uuidHigh = random.next()
    uuidMiddle = random.next()
    addDNs()
    addAgents()
  }

  /// Applies one signal; never throws, never blocks, never re-enters.
  public mutating func handle(_ signal: Signal, at now: Instant, into outbox: inout Outbox) {
    assert(now >= self.now, "time went back")
    self.now = max(now, self.now)
    switch signal {
    case .line(let signal): handle(signal, &outbox)
    case .agent(let signal): handle(signal, &outbox)
    case .strategy(let call, let step): handle(step, of: call, &outbox)
    case .clock: expireTimers(&outbox)
    case .control(let signal): handle(signal, &outbox)
    }
  }

  /// The instant at which `handle(.clock, …)` must next be called; nil when nothing is pending.
  public var nextDeadline: Instant? { timers.nextDeadline }

  private mutating func addDNs() {
    for entry in plan.extensions { add(DNRecord(entry.dn, .extension)) }
    for entry in plan.queues {
      add(DNRecord(entry.dn, .queue(Int32(queues.count))))
      queues.append(Queue(entry))
    }
    for entry in plan.routingPoints {
      add(DNRecord(entry.dn, .routingPoint(Int32(routingPoints.count))))
      routingPoints.append(RoutingPoint(entry))
    }
  }

  private mutating func add(_ record: DNRecord) {
    dnIndex[record.dn] = Int32(dns.count)
    dns.append(record)
  }

  private mutating func addAgents() {
    var skillCount = 0
    for agent in plan.agents {
      for skill in agent.skills where skillNumbers[skill.name] == nil {
        skillNumbers[skill.name] = skillCount
        skillCount += 1
      }
    }
    let expressions: [CompiledSkills?] = plan.queues.map { queue in
      guard let text = queue.agents, let parsed = try? SkillExpression(parsing: text)
      else { return nil }
      return CompiledSkills(
        expression: parsed,
        numbers: parsed.skills.map { skillNumbers[$0] ?? -1 }
      )
    }
    for entry in plan.agents {
      var levels = [Int32](repeating: 0, count: skillCount)
      for skill in entry.skills {
        if let number = skillNumbers[skill.name] { levels[number] = skill.level }
      }
      var served: [Int32] = []
      for (index, queue) in plan.queues.enumerated() {
        let serves =
          queue.agents == nil || (expressions[index]?.holds(for: levels) ?? false)
        if serves { served.append(Int32(index)) }
      }
      agents.append(Agent(entry, levels: levels, queues: served))
    }
  }
}
