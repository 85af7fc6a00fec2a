// An agent: login, readiness and what he is engaged in are separate facts, and so are the person,
// the place and the DN (DOMAIN 3.1).
//
// Invariants: `mode` is what he asked for (or RONA and wrap-up imposed); `engagement` is what the
// engine gave him. He is available exactly when he is ready, engaged in nothing, left alone by
// no timer, and a DN of his is in service; only then he stands in the indexes of the available. He
// has one engagement at most, and a reservation has one owner: so two calls are never offered to
// one agent.
// Who may change it: `RoutingEngine` only.

/// Names an agent of the plan.
struct AgentSlot: Sendable, Hashable, Codable {
  let index: Int32
}

/// What an agent asked for.
enum AgentMode: Sendable, Hashable, Codable {
  case loggedOut
  case notReady(WorkMode, reason: String?)
  case ready(WorkMode)

  var isReady: Bool {
    if case .ready = self { return true }
    return false
  }
}

/// What an agent is engaged in.
enum Engagement: Sendable, Codable {
  case none
  case reserved(Reservation)
  case talking(CallSlot)
}

/// A reservation: an agent kept for one call (DOMAIN 3.3; ours is binding, ADR 0011).
struct Reservation: Sendable, Codable {
  enum Reason: Sendable, Codable {
    /// A selection wants him; others may still ask until the collection window ends.
    case collecting
    /// A selection found him; the strategy has not routed yet.
    case selected
    /// A diversion is on its way to him.
    case diverting
    /// His phone rings.
    case ringing

    var word: String {
      switch self {
      case .collecting: "collecting"
      case .selected: "selected"
      case .diverting: "diverting"
      case .ringing: "ringing"
      }
    }

    /// Whether a call is on its way to him.
    var isOffer: Bool {
      switch self {
      case .collecting, .selected: false
      case .diverting, .ringing: true
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
struct Agent: Sendable, Codable {
  /// Where he is logged in, by DN index; negative: nowhere.
  var dn: Int32 = -1
  /// The place where he is logged in; negative: at a single DN.
  var place: Int32 = -1
  var mode = AgentMode.loggedOut
  /// What he asked for while a call was offered or talked; takes effect after it (PEERS B16).
  var pending: AgentMode?
  /// When his mode or his engagement last changed: since when he is what he is.
  var since = Instant.zero
  var engagement = Engagement.none
  /// Runs while he does after-call work.
  var afterCallWork: TimerID?
  /// Runs while he is left alone after a redirect or a refusal.
  var blackout: TimerID?
  /// Whether he stands in the indexes of the available.
  var isAvailable = false
  /// Selections that wait for him by name.
  var line = WaitingLine()
  /// When he logged in, for his occupancy.
  var loggedInAt = Instant.zero
  /// Nanoseconds for which calls have engaged him since login, up to his last engagement.
  var busyNanoseconds: UInt64 = 0
  /// The last change of his standing in the decision log, and its order there.
  var lastChange: Int64 = -1
  var lastChangeOrder: UInt64 = 0
  /// Calls answered since login.
  var callsTaken: UInt32 = 0

  /// What is written of him: all but his place in the decision log.
  private enum CodingKeys: CodingKey {
    case dn, place, mode, pending, since, engagement, afterCallWork, blackout, isAvailable, line
    case loggedInAt, busyNanoseconds, callsTaken
  }

  /// Whether a call is on its way to him or talks with him.
  var hasCall: Bool {
    switch engagement {
    case .none: false
    case .reserved(let reservation): reservation.reason.isOffer
    case .talking: true
    }
  }

  /// Changes what he is engaged in, and keeps his busy time.
  mutating func engage(in engagement: Engagement, at now: Instant) {
    if hasCall { busyNanoseconds += now.nanoseconds(since: since) }
    self.engagement = engagement
    since = now
  }

  /// He talks with a caller.
  mutating func takeCall(_ call: CallSlot, at now: Instant) {
    engage(in: .talking(call), at: now)
    callsTaken &+= 1
  }

  /// Busy time since login over the time since login, per mille.
  func occupancy(at now: Instant) -> Int {
    var busy = busyNanoseconds
    if hasCall { busy += now.nanoseconds(since: since) }
    let whole = now.nanoseconds(since: loggedInAt)
    return whole == 0 ? 0 : Int(min(1_000, busy / max(1, whole / 1_000)))
  }
}
