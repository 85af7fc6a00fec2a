/// Where a call is in its life.
///
/// States carry their data; every `switch` over them is exhaustive.
enum CallState: Sendable, Codable {
  /// Its strategy has the word: it was started or resumed and will step within this signal.
  case consulting
  /// It waits at its routing point until one of these targets is available.
  case selecting
  /// It hears something, and its strategy waits until that has begun or ended.
  case treating
  /// Its strategy pauses (`call:wait`).
  case pausing
  /// Its strategy waits for a header of the caller's request.
  case readingHeader
  /// It waits in the line of its queue.
  case queued
  /// It is on its way to a destination, which may be ringing.
  case diverting(Diversion)
  /// Caller and destination talk.
  case established(Conversation)

  /// One word for people.
  var word: String {
    switch self {
    case .consulting, .readingHeader: "consulting"
    case .selecting: "selecting"
    case .treating: "treated"
    case .pausing: "waiting"
    case .queued: "queued"
    case .diverting(let diversion): diversion.isRinging ? "ringing" : "diverting"
    case .established: "established"
    }
  }
}

/// Where a call is sent to: a DN by its index, or the number that it remembers (`Call.trunk`).
struct Way: Sendable, Hashable, Codable {
  /// The DN; negative: a number behind a trunk.
  let dn: Int32

  /// Behind a trunk.
  static let trunk = Way(dn: -1)

  /// Whether it is a DN of ours, so that it has events of its own.
  var isLocal: Bool { dn >= 0 }
}

/// A number behind a trunk.
struct TrunkNumber: Sendable, Hashable, Codable {
  var name: String
  var number: String
}

/// A diversion that has been asked for and is not answered yet.
struct Diversion: Sendable, Codable {
  var attempt: UInt32
  var way: Way
  /// The agent who is offered the call, reserved for it.
  var agent: AgentSlot?
  var isRinging = false
  /// Whether the call has left its device in the eyes of the world (EventDiverted was sent).
  var isAnnounced = false
  /// How long the phone may ring, in nanoseconds.
  var ringTimeout: Int64
  var timer: TimerID?
}

/// A call in which people talk.
struct Conversation: Sendable, Codable {
  var way: Way
  var agent: AgentSlot?
  var since: Instant
}

/// Who decides what happens to a call at its routing point.
enum Decider: Sendable, Codable {
  /// Nobody: the call is in a queue or established.
  case nobody
  /// The strategy: its run is suspended in the runtime.
  case strategy
  /// Any agent: the strategy returned `ANY` without a condition; its run is over.
  case anybody
  /// The target that the strategy returned; its run is over.
  case target(Target)
  /// The default route: so many of its places have been looked at, so many were tried.
  case defaults(DefaultReason, looked: Int, tried: Int)
  /// What is to become of a call that was not answered or found its queue full, from here on.
  case overflow([NoAnswerOverflow], next: Int, OverflowReason)
}

/// Why a call overflows.
enum OverflowReason: Sendable, Codable {
  case noAnswer
  case queueFull
}

/// Why a call takes the default route; told in `EventRouteUsed`.
public enum DefaultReason: Sendable, Hashable, Codable {
  /// Its strategy failed.
  case strategyFailed(StrategyFailure)
  /// Its strategy ended without a target.
  case noTarget
  /// It was at the routing point for longer than the plan allows.
  case timeout
  /// The target that the strategy returned could not be had.
  case targetFailed(RouteFailure)
  /// So many diversions were tried as the limit allows.
  case attemptsExhausted

  /// What `EventRouteUsed` carries as AttributeReasons.
  var reasons: [KeyValue] {
    switch self {
    case .strategyFailed(.error(let message)):
      [KeyValue("DEFAULT", "error"), KeyValue("MESSAGE", message)]
    case .strategyFailed(.instructions): [KeyValue("DEFAULT", "instructions")]
    case .strategyFailed(.memory): [KeyValue("DEFAULT", "memory")]
    case .strategyFailed(.steps): [KeyValue("DEFAULT", "steps")]
    case .strategyFailed(.drained):
      [KeyValue("DEFAULT", "drained"), KeyValue("MESSAGE", "generation drained")]
    case .strategyFailed(.noSuchStrategy): [KeyValue("DEFAULT", "no_such_strategy")]
    case .noTarget: [KeyValue("DEFAULT", "no_target")]
    case .timeout: [KeyValue("DEFAULT", "timeout")]
    case .targetFailed(let failure): [KeyValue("DEFAULT", failure.word)]
    case .attemptsExhausted: [KeyValue("DEFAULT", "attempts")]
    }
  }
}

extension RouteFailure {
  /// The word that strategies and events use for it (SURFACE 4).
  public var word: String {
    switch self {
    case .timeout: "timeout"
    case .busy: "busy"
    case .noAnswer: "no_answer"
    case .rejected: "rejected"
    case .unreachable: "unreachable"
    case .noSuchTarget: "no_such_target"
    case .cancelled: "cancelled"
    }
  }
}
