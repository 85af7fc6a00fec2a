// An agent: login, readiness and what he is engaged in are separate facts.
//
// Invariants: `mode` is what he asked for (or RONA and wrap-up imposed); `engagement` is what the
// engine gave him. He is available exactly when he is ready, engaged in nothing, left alone by
// no timer, and his DN is in service; only then he stands in the line of the available. He has one
// engagement at most, and a reservation has one owner: so two calls are never offered to one agent.
// Who may change it: `RoutingEngine` only.

/// Names an agent of the plan.
struct AgentSlot: Sendable, Hashable {
  let index: Int32
}

/// What an agent asked for.
enum AgentMode: Sendable, Hashable {
  case loggedOut
  case notReady(WorkMode, reason: String?)
  case ready
}

/// What an agent is engaged in.
enum Engagement: Sendable {
  case none
  case reserved(Reservation)
  case talking(CallSlot)
}

/// A reservation: an agent kept for one call (DOMAIN 3.3; ours is binding, ADR 0011).
struct Reservation: Sendable {
  enum Reason: Sendable {
    /// A selection found him; the strategy has not routed yet.
    case selected
    /// A diversion is on its way to him.
    case diverting
    /// His phone rings.
    case ringing

    var word: String {
      switch self {
      case .selected: "selected"
      case .diverting: "diverting"
      case .ringing: "ringing"
      }
    }
  }

  let owner: CallSlot
  var reason: Reason
  /// When it ends by itself; nil: with its diversion.
  var expires: Instant?
  var timer: TimerID?
}

/// An agent of the plan in his present state.
struct Agent: Sendable {
  let plan: AgentPlan
  /// Levels by the engine's skill numbers.
  let levels: [Int32]
  /// The queues that he serves, by index.
  let queues: [Int32]
  /// Where he is logged in, by DN index.
  var dn: Int32?
  var mode = AgentMode.loggedOut
  /// When his mode or his engagement last changed: since when he is what he is.
  var since = Instant.zero
  var engagement = Engagement.none
  /// Runs while he does after-call work.
  var afterCallWork: TimerID?
  /// Runs while he is left alone after a redirect or a refusal.
  var blackout: TimerID?
  /// Whether he stands in the line of the available, and his neighbours there.
  var isAvailable = false
  var previous: Int32 = -1
  var next: Int32 = -1

  init(_ plan: AgentPlan, levels: [Int32], queues: [Int32]) {
    self.plan = plan
    self.levels = levels
    self.queues = queues
  }
}
