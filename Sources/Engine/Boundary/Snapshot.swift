/// A read-only picture of an engine, for people and dashboards.
public struct Snapshot: Sendable, Hashable {
  /// When it was taken: nanoseconds since the Unix epoch.
  public var time: UInt64 = 0
  /// The sequence number of the last event before it.
  public var lastSequence: UInt64 = 0
  /// Calls alive, oldest first.
  public var calls: [CallPicture] = []
  /// Queues in the plan's order.
  public var queues: [QueuePicture] = []
  /// Agents in the plan's order.
  public var agents: [AgentPicture] = []
  /// DNs in the plan's order: extensions, queues, routing points.
  public var dns: [DNPicture] = []
  /// Reservations, in the order of their agents.
  public var reservations: [ReservationPicture] = []

  /// Makes an empty picture.
  public init() {}
}

/// A call as a snapshot shows it.
public struct CallPicture: Sendable, Hashable {
  /// What names the call.
  public var attributes: CallAttributes
  /// One word: `consulting`, `selecting`, `waiting`, `queued`, `diverting`, `ringing`,
  /// `established`.
  public var state: String
  /// The routing point or queue that it is at, or came from.
  public var at: DN
  /// The DN or destination it goes to or talks with; empty when none.
  public var target: String
  /// The strategy, while the call is at a routing point.
  public var strategy: String
  /// When it entered: nanoseconds since the Unix epoch.
  public var entered: UInt64
  /// Diversions tried.
  public var attempts: UInt32
  /// What its strategy noted.
  public var notes: [String]
  /// The fingerprint of the generation that decided or decides about it; empty when none did.
  public var generation = ""
}

/// A queue as a snapshot shows it.
public struct QueuePicture: Sendable, Hashable {
  /// Its DN.
  public var dn: DN
  /// Its name.
  public var name: String
  /// The calls that wait, first in line first.
  public var waiting: [ConnID]
  /// How long the first in line has waited, in nanoseconds; 0 when nobody waits.
  public var oldestWait: UInt64
  /// Agents logged in that serve it.
  public var agentsLoggedIn: Int
  /// Agents available now that serve it.
  public var agentsAvailable: Int
  /// Whether it only reports (`virtual_queues`).
  public var isVirtual = false
}

/// An agent as a snapshot shows it.
public struct AgentPicture: Sendable, Hashable {
  /// The login id.
  public var id: AgentID
  /// The person's name.
  public var name: String
  /// Where he is logged in; nil when he is not.
  public var dn: DN?
  /// One word: `logged_out`, `not_ready`, `ready`, `reserved`, `ringing`, `busy`,
  /// `after_call_work`.
  public var state: String
  /// The work mode while not ready.
  public var workMode: WorkMode
  /// The reason given while not ready; empty when none.
  public var reason: String
  /// Since when: nanoseconds since the Unix epoch.
  public var since: UInt64
  /// The call he is reserved for, rung by or talking in.
  public var call: ConnID?
  /// The place where he is logged in; empty when none.
  public var place = ""
  /// The queues that he is signed in to.
  public var queues: [DN] = []
  /// The state that takes effect when his call is over; empty when none.
  public var pending = ""
  /// Calls answered since login.
  public var callsTaken: UInt32 = 0
  /// Busy time since login over the time since login, per mille.
  public var occupancy = 0
}

/// A DN as a snapshot shows it.
public struct DNPicture: Sendable, Hashable {
  /// Its number.
  public var dn: DN
  /// `extension`, `queue`, `virtual_queue` or `routing_point`.
  public var kind: String
  /// Whether calls can reach it.
  public var inService: Bool
  /// The agent logged in there.
  public var agent: AgentID?
}

/// A reservation as a snapshot shows it (DOMAIN 3.3; ours is binding).
public struct ReservationPicture: Sendable, Hashable {
  /// The agent who is reserved.
  public var agent: AgentID
  /// The call that owns it.
  public var owner: ConnID
  /// One word: `collecting`, `selected`, `diverting`, `ringing`.
  public var reason: String
  /// When it ends by itself: nanoseconds since the Unix epoch; nil: with its diversion.
  public var expires: UInt64?
}
