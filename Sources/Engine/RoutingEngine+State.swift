// The whole state of an engine as a value: taken at any moment between two signals, written, read,
// and given to a new engine, which then decides as the old one would have.
//
// Invariant: `RoutingEngine(plan, restoring: engine.state)` answers every signal as `engine` does,
// event for event. What the plan says is not part of the state, nor are decision records: nothing
// in them influences a call, and they follow from the signals (ADR 0017).
// Taking a state copies nothing: its tables are shared until either side changes them.

/// Everything that an engine's future depends on, besides its plan.
public struct EngineState: Sendable, Codable {
  /// The number of this layout; another one is not read.
  ///
  /// Count on when the same members come to mean something else; members that come or go are
  /// noticed by themselves.
  public static let layout = 3

  var random: SplitMix64
  var now: Instant
  var sequence: UInt64
  var calls: CallTable
  var agents: AgentTable.State
  var waiting: WaitingCalls
  var queues: [Queue.State]
  var routingPoints: [RoutingPoint.State]
  var dns: [DNRecord]
  var timers: TimerTable
  var generations: GenerationTable
  var selected: [AgentSlot]
  var lastTicket: UInt64
  var lastCallID: UInt32
  var lastReference: UInt32
  var lastTreatment: UInt32
  var uuidHigh: UInt64
  var uuidMiddle: UInt64
  var isDraining: Bool
  var strategyFingerprint: String
  var shares: Shares
  var states: StrategyStates
  var places: KeptPlaces

  /// How far the engine has counted.
  public var counters: EngineCounters { EngineCounters(sequence: sequence, callID: lastCallID) }

  /// The instant of its last signal.
  public var instant: Instant { now }

  /// How many calls are alive.
  public var callCount: Int { calls.count }

  /// The calls that are alive, in an order that means nothing and is always the same.
  public var aliveCalls: [ConnID] {
    var alive: [ConnID] = []
    calls.forEach { alive.append(calls[$0].attributes.connID) }
    return alive
  }

  /// The fingerprint of the generation of strategies that is current; empty when none is.
  public var strategies: String { strategyFingerprint }
}

/// Why a state cannot be taken over.
public struct EngineStateError: Error, Sendable, Hashable {
  /// What.
  public let message: String
}

extension RoutingEngine {
  /// The whole state, at no cost: what is large is shared until it changes.
  public var state: EngineState {
    EngineState(
      random: random,
      now: now,
      sequence: sequence,
      calls: calls,
      agents: agents.state,
      waiting: waiting,
      queues: queues.map(\.state),
      routingPoints: routingPoints.map(\.state),
      dns: dns,
      timers: timers,
      generations: generations,
      selected: selected,
      lastTicket: lastTicket,
      lastCallID: lastCallID,
      lastReference: lastReference,
      lastTreatment: lastTreatment,
      uuidHigh: uuidHigh,
      uuidMiddle: uuidMiddle,
      isDraining: isDraining,
      strategyFingerprint: strategyFingerprint,
      shares: shares,
      states: states,
      places: places
    )
  }

  /// Makes an engine that goes on where another one of the same plan was.
  ///
  /// - Parameters:
  ///   - plan: The plan of the engine whose state it is.
  ///   - epoch: Its instant zero: nanoseconds since the Unix epoch.
  ///   - state: Its state.
  /// - Throws: When the state is not one of this plan.
  public init(
    plan: Plan,
    epoch: UInt64,
    restoring state: EngineState
  ) throws(EngineStateError) {
    self.init(plan: plan, seed: 0, epoch: epoch)
    guard state.queues.count == queues.count, state.routingPoints.count == routingPoints.count,
      state.dns.count == dns.count, zip(state.dns, dns).allSatisfy({ $0.dn == $1.dn }),
      agents.restore(state.agents)
    else { throw EngineStateError(message: "the state of an engine with another site") }
    random = state.random
    now = state.now
    sequence = state.sequence
    calls = state.calls
    waiting = state.waiting
    for index in queues.indices { queues[index].state = state.queues[index] }
    for index in routingPoints.indices { routingPoints[index].state = state.routingPoints[index] }
    dns = state.dns
    timers = state.timers
    generations = state.generations
    selected = state.selected
    lastTicket = state.lastTicket
    lastCallID = state.lastCallID
    lastReference = state.lastReference
    lastTreatment = state.lastTreatment
    uuidHigh = state.uuidHigh
    uuidMiddle = state.uuidMiddle
    isDraining = state.isDraining
    strategyFingerprint = state.strategyFingerprint
    shares = state.shares
    states = state.states
    places = state.places
    // What agents are is known from here on; what they were is not in the state.
    for index in agents.indices {
      agents[AgentSlot(index: index)].lastChange = -1
      noteStanding(of: AgentSlot(index: index))
    }
  }
}
