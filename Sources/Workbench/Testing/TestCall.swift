import Engine

/// A call of a test's world: who it is, what became of it, and its story.
struct TestCall {
  /// Where it was, one after the other.
  enum Place: Equatable {
    case queue(DN)
    case dn(DN, agent: AgentID?)
    case trunk(name: String, number: String)
    case rejected(UInt16)
  }

  var connID: ConnID
  var ani: String
  var dnis: String
  var offered: Instant
  var patience: Duration?
  var headers: [(name: String, value: String)] = []
  /// Makes an agent busy, and is not spoken of.
  var isBackground = false

  var places: [Place] = []
  /// What its strategy decided last.
  var decision: Target?
  var strategy: StrategyName?
  var notes: [String] = []
  var userData = UserData()
  var events: [Event] = []
  var isDefaulted = false
  var reason: String?
  var answeredBy: Place?
  var answeredAt: Instant?
  var endedBy: String?
  var endedAt: Instant?
  /// The treatment that it hears or waits for.
  var treatment: (number: UInt32, treatment: Treatment)?
  init(_ connID: ConnID, ani: String, dnis: String, at now: Instant) {
    self.connID = connID
    self.ani = ani
    self.dnis = dnis
    offered = now
  }

  /// The status with which it was refused, if it was.
  var status: UInt16? {
    guard case .rejected(let status)? = places.last else { return nil }
    return status
  }
}
