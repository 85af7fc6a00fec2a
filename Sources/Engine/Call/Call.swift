/// One call.
///
/// Who may change it: `RoutingEngine`, through the call table.
struct Call: Sendable, Codable {
  /// Whether this is a call, or a free place in the table.
  private(set) var isAlive = true
  var attributes: CallAttributes
  var state: CallState
  var decider: Decider
  /// The routing point or queue that the call is at, or came from last (ThisQueue, DOMAIN 8.8); of
  /// a direct call its DN.
  var device: Device
  /// Further queues in which it waits with the same ticket (DOMAIN 2.3).
  var otherQueues: [Int32] = []
  /// The virtual queue that reports its wait; negative: none.
  var virtualQueue: Int32 = -1
  var entered: Instant
  /// When it entered the line in which it waits; a call that comes back keeps it.
  var waitingSince = Instant.zero
  /// Order among waiting calls: given on entering a routing point or queue, kept through RONA.
  var ticket: UInt64 = 0
  /// Since when its waiting counts where priority ages; earlier than `entered` with a kept place.
  var seniority: Instant
  /// Its ticket as a newcomer, when it has taken over a kept place; 0: it has its own place.
  var newcomerTicket: UInt64 = 0
  /// The keys under which its place is kept.
  var placeKeys: [String] = []
  /// Order before the ticket among calls that wait at routing points; larger is earlier.
  var priority: Int32 = 0
  var attempts: UInt32 = 0
  var strategySteps: Int32 = 0
  var strategyStepsAtOnce: Int32 = 0
  /// The generation in which its strategy runs; negative: none does.
  var generation: Int32 = -1
  /// Why it takes the default route if the diversion that is under way comes to nothing.
  var overdue: DefaultReason?
  var routingPointTimer: TimerID?
  var waitTimer: TimerID?
  /// The agent whom a selection reserved and the strategy has not routed to yet.
  var selectedAgent: AgentSlot?
  /// The agent for whom its selection has opened a collection window.
  var collectedAgent: AgentSlot?
  /// What its selections wait for; those of earlier ones stay unless they were cleared.
  var targets: [ResolvedTarget] = []
  var rule = SelectionRule.longestIdle
  /// The first of its entries in lines; negative: it stands in none.
  var entry: EntrySlot = -1
  /// Destinations that were tried already: never chosen again by ANY or the default route.
  var tried = ShortList()
  var triedNumbers: [String] = []
  /// The number behind a trunk that it was sent to last.
  var trunk: TrunkNumber?
  var excludedAgents: [AgentSlot] = []
  var excludedDNs: [DN] = []
  var userData: UserData
  var notes: [String] = []
  /// What the caller hears; 0: nothing of ours.
  var treatment: UInt32 = 0
  var treatmentType = TreatmentType.unknown
  var isTreatmentContinuous = false
  /// The place of the default route's list with which this call began.
  var defaultStart = 0
  /// Full queues that it was sent on from.
  var overflows: UInt8 = 0
  /// The held call, of a consult call.
  var consultOf: ConnID?
  /// The DN of ours that makes the call, if it is one; negative: the caller comes from outside.
  var origin: Int32 = -1
  /// The agent whom it engages there.
  var originAgent: AgentSlot?
  /// The consult call that its agent makes beside it.
  var consult: ConnID?
  /// The routing point whose strategy of the current generation it began with; negative: none.
  var strategyPoint: Int32 = -1
  /// Which strategy and generation it began with, once that one is not current any more.
  var retiredExtensions: [KeyValue]?

  init(_ attributes: consuming CallAttributes, at device: Device, entered: Instant) {
    self.attributes = attributes
    self.device = device
    self.entered = entered
    seniority = entered
    state = .consulting
    decider = .nobody
    userData = UserData()
  }

  /// What a free place in the table holds.
  static var vacant: Call {
    let nobody = CallAttributes(
      connID: ConnID(0),
      uuid: CallUUID(high: 0, middle: 0, low: 0),
      callID: 0,
      type: .unknown,
      ani: "",
      dnis: ""
    )
    var call = Call(nobody, at: .queue(-1), entered: .zero)
    call.end(nextFree: -1)
    return call
  }

  /// Makes another call of a free place, in its memory.
  mutating func begin(_ attributes: consuming CallAttributes, at device: Device, entered: Instant) {
    assert(!isAlive, "the place is taken")
    isAlive = true
    entry = -1
    self.attributes = attributes
    self.device = device
    self.entered = entered
    seniority = entered
  }

  /// Its strategy is about to start.
  mutating func beginConsulting(
    ticket: UInt64,
    generation: Int32,
    at point: Int32,
    timer: TimerID
  ) {
    self.ticket = ticket
    self.generation = generation
    strategyPoint = point
    routingPointTimer = timer
    decider = .strategy
    state = .consulting
  }

  /// Its strategy has ended, and somebody else decides; names the generation in which it ran.
  mutating func endRun(_ next: Decider) -> Int32 {
    decider = next
    let ran = generation
    generation = -1
    return ran
  }

  /// It is on its way; what the caller hears from us ends with that (DOMAIN 2.7).
  mutating func beginDiversion(_ diversion: Diversion, isTried: Bool) {
    if isTried {
      if diversion.way.isLocal {
        tried.append(diversion.way.dn)
      } else if let trunk {
        triedNumbers.append(trunk.number)
      }
    }
    attempts = diversion.attempt
    treatment = 0
    state = .diverting(diversion)
  }

  /// Somebody talks with the caller; nothing is decided any more.
  mutating func beginTalking(_ conversation: Conversation) {
    decider = .nobody
    if !otherQueues.isEmpty { otherQueues = [] }
    state = .established(conversation)
  }

  /// Makes a free place of the call; what it owned is given back.
  ///
  /// Free places are chained by `entry`. Every stored property is here but those that `begin` sets.
  mutating func end(nextFree: Int32) {
    isAlive = false
    attributes.connID = ConnID(0)
    if !attributes.ani.isEmpty { attributes.ani = "" }
    state = .consulting
    decider = .nobody
    if !otherQueues.isEmpty { otherQueues = [] }
    virtualQueue = -1
    waitingSince = .zero
    ticket = 0
    newcomerTicket = 0
    if !placeKeys.isEmpty { placeKeys = [] }
    priority = 0
    attempts = 0
    strategySteps = 0
    strategyStepsAtOnce = 0
    generation = -1
    overdue = nil
    routingPointTimer = nil
    waitTimer = nil
    selectedAgent = nil
    collectedAgent = nil
    if !targets.isEmpty { targets.removeAll(keepingCapacity: true) }
    rule = .longestIdle
    entry = nextFree
    tried.removeAll()
    endRareParts()
  }

  private mutating func endRareParts() {
    if !triedNumbers.isEmpty { triedNumbers = [] }
    trunk = nil
    if !excludedAgents.isEmpty { excludedAgents = [] }
    if !excludedDNs.isEmpty { excludedDNs = [] }
    if !userData.isEmpty { userData = UserData() }
    if !notes.isEmpty { notes = [] }
    treatment = 0
    treatmentType = .unknown
    isTreatmentContinuous = false
    defaultStart = 0
    overflows = 0
    consultOf = nil
    origin = -1
    originAgent = nil
    consult = nil
    strategyPoint = -1
    if retiredExtensions != nil { retiredExtensions = nil }
  }
}

/// A distribution device, where calls wait, or the DN of a call that came directly.
enum Device: Sendable, Hashable, Codable {
  case routingPoint(Int32)
  case queue(Int32)
  case direct(Int32)
}
