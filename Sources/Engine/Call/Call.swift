/// One call.
///
/// Who may change it: `RoutingEngine`, through the call table.
struct Call: Sendable {
  /// Whether this is a call, or a free place in the table.
  private(set) var isAlive = true
  var attributes: CallAttributes
  var state: CallState
  var decider: Decider
  /// The routing point or queue that the call is at, or came from last (ThisQueue, DOMAIN 8.8).
  var device: Device
  var entered: Instant
  /// When it entered the line in which it waits; a call that comes back keeps it.
  var waitingSince = Instant.zero
  /// Order among waiting calls: given on entering a routing point or queue, kept through RONA.
  var ticket: UInt64 = 0
  /// Order before the ticket among calls that wait at routing points; larger is earlier.
  var priority: Int32 = 0
  var attempts: UInt32 = 0
  var strategySteps = 0
  var strategyStepsAtOnce = 0
  /// The routing point's patience ran out while a diversion was under way.
  var isOverdue = false
  var routingPointTimer: TimerID?
  var waitTimer: TimerID?
  /// The agent whom a selection reserved and the strategy has not routed to yet.
  var selectedAgent: AgentSlot?
  /// Destinations that were tried already: never chosen again by ANY or the default route.
  var tried: [DN] = []
  var excludedAgents: [AgentSlot] = []
  var excludedDNs: [DN] = []
  var userData: UserData
  var notes: [String] = []
  /// Which strategy and generation it runs; AttributeExtensions of `EventRouteUsed`.
  var strategyExtensions: [KeyValue]?
  /// The neighbours in the line in which it waits.
  var previous: Int32 = -1
  var next: Int32 = -1

  init(_ attributes: CallAttributes, at device: Device, entered: Instant) {
    self.attributes = attributes
    self.device = device
    self.entered = entered
    state = .consulting
    decider = .nobody
    userData = UserData()
  }

  /// What a free place in the table holds.
  static let vacant: Call = {
    let nobody = CallAttributes(
      connID: ConnID(0),
      uuid: CallUUID(high: 0, middle: 0, low: 0),
      callID: 0,
      type: .unknown,
      ani: "",
      dnis: ""
    )
    var call = Call(nobody, at: .queue(-1), entered: .zero)
    call.isAlive = false
    return call
  }()
}

/// A distribution device: where calls wait.
enum Device: Sendable, Hashable {
  case routingPoint(Int32)
  case queue(Int32)
}
