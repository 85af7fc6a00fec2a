/// What runs strategies for the engine.
///
/// The protocol belongs to the engine; `LuaBridge` conforms.
///
/// **Contract.** `start` and `resume` run the strategy up to its next request, or to its end, and
/// return at once; they never wait and never call back. A runtime keeps one suspended run per call
/// between a `.requested` step and the next `resume` or `cancel`. After `.finished` or `.failed`
/// the run is gone. Given the same sources and the same answers, the same steps come back.
public protocol StrategyRuntime: ~Copyable {
  /// Starts a strategy for a call.
  mutating func start(_ strategy: StrategyName, facts: borrowing CallFacts) -> StrategyStep
  /// Answers the last request of a call's strategy and runs it on.
  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep
  /// Forgets a call's suspended run, if there is one.
  mutating func cancel(_ call: ConnID)
  /// A transfer re-keyed a call: its suspended run goes on under another ConnID (DOMAIN 2.8).
  mutating func rename(_ call: ConnID, to connID: ConnID)
  /// Where in a strategy's text the last step was made.
  var trace: StrategyTrace { get }
}

extension StrategyRuntime where Self: ~Copyable {
  /// Nobody knows, unless the runtime does.
  public var trace: StrategyTrace { .none }
}

/// What a strategy may know of its call when it starts (SURFACE 4, "the call's facts").
public struct CallFacts: Sendable, Hashable, Codable {
  /// The call's ConnID.
  public var connID: ConnID
  /// The call's CallUUID.
  public var uuid: CallUUID
  /// The caller's number; empty when unknown.
  public var ani: String
  /// The dialled number; empty when unknown.
  public var dnis: String
  /// The routing point that the call is at.
  public var routingPoint: DN
  /// When the call entered the routing point: nanoseconds since the Unix epoch.
  public var entered: UInt64
  /// The present moment and the attempts so far.
  public var context: ResumeContext
  /// The attached data.
  public var userData: UserData

  /// Makes the facts of a call.
  public init(
    connID: ConnID,
    uuid: CallUUID,
    ani: String,
    dnis: String,
    routingPoint: DN
  ) {
    self.connID = connID
    self.uuid = uuid
    self.ani = ani
    self.dnis = dnis
    self.routingPoint = routingPoint
    entered = 0
    context = ResumeContext(now: 0, attempts: 0)
    userData = UserData()
  }

  /// The same, with everything: nothing is changed, and so nothing copied, afterwards.
  init(
    _ attributes: CallAttributes,
    at routingPoint: DN,
    entered: UInt64,
    _ context: ResumeContext,
    _ userData: UserData
  ) {
    connID = attributes.connID
    uuid = attributes.uuid
    ani = attributes.ani
    dnis = attributes.dnis
    self.routingPoint = routingPoint
    self.entered = entered
    self.context = context
    self.userData = userData
  }
}

/// What changes between two steps of a strategy.
public struct ResumeContext: Sendable, Hashable, Codable {
  /// The present moment: nanoseconds since the Unix epoch (`call.now`).
  public var now: UInt64
  /// Diversions tried so far for this call (`call.attempts`).
  public var attempts: UInt32

  /// Makes a context.
  public init(now: UInt64, attempts: UInt32) {
    self.now = now
    self.attempts = attempts
  }
}

/// How a strategy's run stopped for now.
public enum StrategyStep: Sendable, Hashable {
  /// It asks for something and waits for the answer.
  case requested(StrategyRequest)
  /// It returned; nil when it returned nothing that names a target.
  case finished(Target?)
  /// It cannot go on.
  case failed(StrategyFailure)
}

extension StrategyStep {
  /// Whether it returned `ANY` without a condition.
  var isAnybody: Bool {
    switch self {
    case .finished(.any(let filter)): filter.isEmpty
    case .finished, .requested, .failed: false
    }
  }
}

/// Everything that a strategy can ask for.
public enum StrategyRequest: Sendable, Hashable, Codable {
  /// Wait until one of the targets is available, and reserve it.
  case select(Selection)
  /// Send the call there; answered only when that failed.
  case route(Target, ringTimeout: Duration?)
  /// Wait.
  case wait(Duration)
  /// Set the call's priority among those that wait at routing points; larger is earlier.
  case priority(Int32)
  /// Attach data to the call.
  case attach([KeyValue])
  /// Leave a note in the call's decision record.
  case note(String)
  /// Never choose this target for this call.
  case exclude(Target)
  /// How many agents that pass the filter are available now.
  case availableAgents(AgentFilter)
  /// How many agents that pass the filter are logged in.
  case loggedInAgents(AgentFilter)
  /// How many calls wait in a queue.
  case queueWaiting(DN)
  /// How long the first call of a queue has been waiting.
  case queueOldestWait(DN)
  /// How long a caller who enters a queue now is likely to wait.
  case queueExpectedWait(DN)
  /// Let the caller hear something, or collect digits.
  case treat(Treatment)
  /// A number of the engine's generator: 64 random bits.
  case random
  /// One of some parts, each as often as its weight says, over any number of picks.
  case share([SharePart])
  /// A value that the strategy keeps from call to call.
  case state(String)
  /// Keep a value from call to call; nil: keep it no longer.
  case setState(String, StateValue?)
  /// Keep the call's place for so long after its end, for whoever names the key.
  case keepPlace(String, Duration)
  /// Take over the place that was kept under a key.
  case takePlace(String)
  /// A header of the caller's request.
  case header(String)
}

/// A selection: targets in order of preference, and how long to wait for one.
public struct Selection: Sendable, Hashable, Codable {
  /// What may be selected; an earlier one that is available now wins.
  public var targets: [Target]
  /// How long to wait; nil: until the routing point's timeout.
  public var timeout: Duration?
  /// The call's priority from now on; nil: unchanged.
  public var priority: Int32?
  /// Who is chosen among those that are available.
  public var rule = SelectionRule.longestIdle
  /// Whether the targets of the call's earlier selections are dropped; otherwise they stay and
  /// these are added (DOMAIN 4.2).
  public var clears = false
  /// The virtual queue that reports this wait.
  public var virtualQueue: DN?

  /// Makes a selection.
  public init(_ targets: [Target], timeout: Duration? = nil, priority: Int32? = nil) {
    self.targets = targets
    self.timeout = timeout
    self.priority = priority
  }
}

/// What a strategy gets back.
public enum StrategyAnswer: Sendable, Hashable, Codable {
  /// Done; nothing to tell.
  case done
  /// This target is reserved for the call (`call:select`).
  case selected(Target)
  /// It did not work out, and why (`nil, reason`).
  case failed(RouteFailure)
  /// A count.
  case count(Int64)
  /// A duration (seconds in Lua).
  case duration(Duration)
  /// How long a wait will be.
  case expectedWait(ExpectedWait)
  /// What became of a treatment.
  case treated(TreatmentResult)
  /// A treatment could not be given, and why.
  case notTreated(String)
  /// Random bits.
  case bits(UInt64)
  /// A text, or nothing.
  case text(String?)
  /// A kept value, or nothing.
  case value(StateValue?)
  /// No place is kept under that key (`nil, "no_such_place"`).
  case noSuchPlace
  /// The request itself was wrong; raised as an error at the line that made it.
  case invalid(String)
}

/// Every way in which a strategy can fail.
///
/// A failed strategy's call takes the default route.
public enum StrategyFailure: Sendable, Hashable, Codable {
  /// An error, with the place where it arose: `strategies/any.lua:3: …`.
  case error(String)
  /// The instruction budget of one step was used up.
  case instructions
  /// The memory budget was used up.
  case memory
  /// The budget of requests was used up.
  case steps
  /// There is no strategy of that name.
  case noSuchStrategy
  /// Its generation is no longer current and has had time enough; the engine says so, no runtime.
  case drained
}
