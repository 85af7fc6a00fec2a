// A seeded world around an engine, with a reference model running beside it.
//
// The model knows only the boundary: signals in, commands, events and snapshots out. It holds for
// every call what it believes (alive, its live attempt, where it waits, its ticket) and compares
// after every signal; `problem` is the first thing that did not fit. Choices come from the seed
// alone, so that equal seeds give equal streams.

public import Engine

/// What the model believes of one call.
struct ModelCall {
  var ani: String
  /// The place in order of entry: the sequence number of the first EventQueued at its device.
  var ticket: UInt64 = 0
  var device: DN?
  /// Whether EventQueued at the device has not been followed by a leaving event yet.
  var isAtDevice = false
  /// The queues in which it waits, or waited before it was sent to an agent: same ticket.
  var home: [DN] = []
  /// The queues whose EventQueued is not closed yet.
  var open: [DN] = []
  /// The virtual queue whose EventQueued is not closed yet.
  var virtual: DN?
  /// The DN of ours that makes the call.
  var origin: DN?
  /// The agent who was there when it began.
  var originAgent: AgentID?
  /// Whether an EventRouteRequest is open.
  var isAsked = false
  /// The DN that rings or talks.
  var leg: DN?
  var lastAttempt: UInt32 = 0
  var liveAttempt: UInt32?
  var isRedirect = false
  /// Whether the target of the live attempt rings.
  var isRinging = false
  var isTalking = false
  var destination = ""
  /// The agent who was at the destination when the call was sent there.
  var agent: AgentID?
  var tried: [DN] = []
}

/// A world.
public struct World: ~Copyable {
  /// The engine and its random strategies.
  public var shard: Shard<RandomStrategies>
  /// The present moment.
  public internal(set) var now = Instant.zero
  /// Every event so far, if kept.
  public private(set) var events: [Event] = []
  /// The first thing that did not fit.
  public internal(set) var problem: String?
  /// Signals given so far.
  public private(set) var signalCount = 0
  /// How often each kind of event occurred.
  public internal(set) var tally: [EventKind: Int] = [:]

  /// Whether snapshots are compared; off while a path that was checked is walked again.
  public var isComparing = true

  /// Every signal so far and its instant, if kept.
  public private(set) var journal: [(at: Instant, signal: Signal)] = []
  private var keepsJournal = false
  /// The site that was drawn from the seed.
  public let plan: Plan
  /// The queues whose expression an agent satisfies.
  let serves: [AgentID: [DN]]
  /// The queues that an agent is signed in to.
  var signed: [AgentID: [DN]] = [:]
  /// Agent groups by name.
  let members: [String: [AgentID]]
  /// DNs to which queues overflow.
  let overflowDNs: [DN]
  /// Treatments asked for and not ended: call and number.
  var treatments: [(UInt64, UInt32)] = []
  var random: SplitMix64
  let keepsEvents: Bool
  private var trace: [Signal] = []
  var lastSequence: UInt64 = 0
  var nextConnID: UInt64 = 0
  var calls: [UInt64: ModelCall] = [:]
  /// Calls alive, in the order in which they came.
  var alive: [UInt64] = []
  /// Calls whose overtaking was announced within this signal (by priority, across queues).
  var overtakers: [UInt64] = []
  var headersAsked: [UInt64] = []
  /// The tickets of stays at routing points: kept places are taken over with them.
  var stayTickets: [Int: UInt64] = [:]
  /// Calls that wait, by queue, in the order of their tickets.
  var waiting: [DN: [UInt64]] = [:]
  var agentAt: [DN: AgentID] = [:]
  var isDraining = false

  /// A second world in the same state.
  init(copying other: borrowing World) {
    shard = other.shard.copy()
    now = other.now
    events = other.events
    problem = other.problem
    signalCount = other.signalCount
    tally = other.tally
    isComparing = other.isComparing
    journal = other.journal
    keepsJournal = other.keepsJournal
    plan = other.plan
    serves = other.serves
    signed = other.signed
    members = other.members
    overflowDNs = other.overflowDNs
    treatments = other.treatments
    random = other.random
    keepsEvents = other.keepsEvents
    trace = other.trace
    lastSequence = other.lastSequence
    nextConnID = other.nextConnID
    calls = other.calls
    alive = other.alive
    overtakers = other.overtakers
    headersAsked = other.headersAsked
    stayTickets = other.stayTickets
    waiting = other.waiting
    agentAt = other.agentAt
    isDraining = other.isDraining
  }

  /// Makes a world of a seed.
  public init(seed: UInt64, limits: Limits = .standard, keepsEvents: Bool = false) {
    self.init(World.site(limits, seed: seed), seed: seed, keepsEvents: keepsEvents)
  }

  /// Makes a world of a plan.
  ///
  /// - Parameters:
  ///   - plan: Its queues are 9000, which everybody serves, and 9001, which wants `sales`.
  ///   - seed: The source of all chance.
  ///   - returning: What every strategy returns at once; nil: strategies do random things.
  ///   - keepsEvents: Whether `events` is filled.
  public init(
    _ plan: Plan,
    seed: UInt64 = 1,
    returning: Target? = nil,
    keepsEvents: Bool = false
  ) {
    self.plan = plan
    var serves: [AgentID: [DN]] = [:]
    for agent in plan.agents {
      serves[agent.id] = agent.skills.contains { $0.name == "sales" } ? ["9000", "9001"] : ["9000"]
    }
    self.serves = serves
    overflowDNs = plan.queues.flatMap { queue -> [DN] in
      let steps = (queue.noAnswer.overflow ?? []) + (queue.overflow.map { [.target($0)] } ?? [])
      return steps.compactMap { if case .target(.dn(let dn)) = $0 { dn } else { nil } }
    }
    members = Dictionary(
      uniqueKeysWithValues: plan.groups.map { group in (group.name, group.agents) }
    )
    random = SplitMix64(seed: seed)
    self.keepsEvents = keepsEvents
    var strategies = RandomStrategies(
      seed: seed &+ 1,
      dns: plan.extensions.map(\.dn) + ["9000", "7999"],
      agents: plan.agents.map(\.id) + ["9999"],
      isPlain: plan.virtualQueues.isEmpty
    )
    strategies.always = returning
    shard = Shard(
      engine: RoutingEngine(plan: plan, seed: seed, epoch: World.epoch),
      strategies: strategies
    )
    give(.control(.start))
  }

  /// A site whose options are drawn from the seed.
  static func site(_ limits: Limits, seed: UInt64) -> Plan {
    var plan = floor(limits)
    var random = SplitMix64(seed: seed &* 31)
    func chance(_ bound: UInt64) -> Bool { random.next(below: bound) == 0 }
    plan.virtualQueues = [VirtualQueuePlan("9100"), VirtualQueuePlan("9101")]
    plan.groups = [AgentGroupPlan("tier", agents: ["1001", "1004"])]
    plan.extensions.append(ExtensionPlan("7005", startsInService: true))
    plan.places = [PlacePlan("seat", extensions: ["7003", "7005"])]
    if chance(2) { plan.routingPoints[0].divertOn = .answer }
    if chance(3) { plan.queues[0].divertOn = .answer }
    if chance(3) { plan.queues[1].overflow = chance(2) ? .dn("7002") : .queue("9000") }
    if chance(3) { plan.queues[1].lengthMax = 2 }
    if chance(3) { plan.routingPoints[0].defaultOrder = .roundRobin }
    if chance(3) { plan.routingPoints[0].defaultRedirectionLimit = 1 }
    if chance(3) { plan.logsOutOnOutOfService = true }
    if chance(3) { plan.priorityAging = .seconds(2) }
    if chance(3) { plan.reservations = .replace }
    if chance(4) { plan.reservations = .collect(window: .milliseconds(200)) }
    let actions: [NoAnswerAction] = [.none, .notReady, .logout]
    if chance(2) { plan.noAnswer.action = actions[Int(random.next(below: 3))] }
    if chance(2) { plan.agents[0].wrapUp = .seconds(2) }
    if chance(3) { plan.agents[1].noAnswer.timeout = .seconds(2) }
    let lists: [[NoAnswerOverflow]] = [
      [.recall], [.defaultRoute, .release], [.target(.dn("7004")), .recall],
      [.target(.queue("9001")), .release], [.target(.trunk(name: "carrier", number: "2"))],
      [.release],
    ]
    if chance(2) { plan.routingPoints[0].noAnswer.overflow = lists[Int(random.next(below: 6))] }
    if chance(3) { plan.queues[0].noAnswer.overflow = lists[Int(random.next(below: 6))] }
    if chance(2) { plan.limits.generationDrain = .seconds(3) }
    return plan
  }

  private static func floor(_ limits: Limits) -> Plan {
    var plan = Plan(
      queues: [
        QueuePlan("9000", ringTimeout: .seconds(4), wrapUp: .seconds(3)),
        QueuePlan("9001", agents: "sales > 0", ringTimeout: .seconds(3)),
      ],
      routingPoints: [
        RoutingPointPlan(
          "8000",
          strategy: "random",
          timeout: .seconds(12),
          defaults: [.dn("7002"), .any(.none), .queue("9000")]
        ),
        RoutingPointPlan(
          "8001",
          strategy: "random",
          timeout: .seconds(9),
          defaults: [.agent("1001"), .trunk(name: "carrier", number: "1"), .queue("9001")],
          divert: .redirect
        ),
        RoutingPointPlan("8002", strategy: "missing", defaults: [.dn("7001"), .dn("7003")]),
      ]
    )
    plan.routingPoints[1].redirectBlackout = .seconds(2)
    plan.trunks = ["carrier"]
    plan.limits = limits
    for number in 1...4 {
      let dn = DN("700\(number)")
      plan.extensions.append(ExtensionPlan(dn, startsInService: number != 3))
      plan.agents.append(
        AgentPlan(
          AgentID("100\(number)"),
          skills: number % 2 == 0 ? [SkillLevel("sales", 5)] : [],
          extensionDN: dn,
          logsInAutomatically: number != 4
        )
      )
    }
    return plan
  }

  /// What instant zero is.
  public static let epoch: UInt64 = 1_700_000_000_000_000_000

  /// The last signals, for people.
  public var lastSignals: String {
    trace.suffix(30).map { "  \($0)" }.joined(separator: "\n")
  }

  /// Gives the engine a signal and compares.
  public mutating func give(_ signal: Signal) {
    trace.append(signal)
    if trace.count > 60 { trace.removeFirst(30) }
    signalCount += 1
    var seen: [Event] = []
    var asked: [LineCommand] = []
    shard.handle(signal, at: now) { outbox in
      seen = outbox.events
      asked = outbox.lineCommands
    }
    if keepsJournal {
      journal.append((now, signal))
      for (call, step) in shard.strategies.steps { journal.append((now, .strategy(call, step))) }
      shard.strategies.forgetSteps()
    }
    if keepsEvents { events += seen }
    overtakers = []
    expect(signal)
    for event in seen { observe(event) }
    for command in asked { observe(command) }
    if isComparing { compare() }
  }

  /// Starts keeping every signal, the steps of strategies included; call it on a new world.
  public mutating func keepJournal() {
    keepsJournal = true
    shard.strategies.keepsSteps = true
  }

  /// Why a call went where it went.
  package func decision(of call: ConnID) -> DecisionRecord? { shard.decision(of: call) }

  /// Calls that have come so far.
  public var callCount: Int { Int(nextConnID) }

  /// Hands out the events kept so far and forgets them.
  public mutating func takeEvents() -> [Event] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// The attempt of a call that is on its way, if it is.
  public func liveAttempt(of call: UInt64) -> UInt32? { calls[call]?.liveAttempt }

  /// Whether a call is alive; nil: it has not come yet.
  public func isAlive(_ call: UInt64) -> Bool? {
    calls[call] == nil ? nil : alive.contains(call)
  }

  /// Lets time pass up to the next deadline, if there is one.
  public mutating func passToNextDeadline() {
    guard let deadline = shard.nextDeadline else { return }
    now = max(now, deadline)
    give(.clock)
  }

  /// Remembers the first thing that did not fit.
  mutating func fault(_ text: String) {
    guard problem == nil else { return }
    problem = "after \(signalCount) signals at \(now.nanoseconds / 1_000_000) ms: \(text)"
  }
}
