internal import Engine
internal import Journal
internal import LuaBridge
internal import SIPGlue

/// What the control thread asks of the shard's thread, through its inbox.
enum ShardRequest: Sendable {
  /// An agent request of the T-Library; answered by `.agent`.
  case agent(AgentRequest, ticket: UInt64)
  /// RequestRegisterAddress or RequestUnregisterAddress; answered by `.done`.
  case register(DN, Bool, ticket: UInt64)
  /// The statistics as JSON; answered by `.statistics`.
  case statistics(ticket: UInt64)
  /// Why a call went where it went, of all agents or of one; answered by `.decision`.
  case decision(call: String, agent: AgentID?, all: Bool, ticket: UInt64)
  /// What was said in a call, and what happened in it; answered by `.story`.
  case story(call: String, ticket: UInt64)
  /// The requests that were refused last; answered by `.refused`.
  case refused(ticket: UInt64)
  /// A picture; answered by `.snapshot`.
  case snapshot(ticket: UInt64)
  /// Events from a sequence number on; answered by `.events`.
  case events(from: UInt64, count: Int, ticket: UInt64)
  /// Whether to report `.published` when there are new events.
  case announceEvents(Bool)
  /// A new generation of strategies; answered by `.switched`.
  case install(Installation, ticket: UInt64)
  /// Another certificate for TLS connections that begin from now on.
  case renew(TLSCredentials)
  /// No new calls; report `.drained` when none is left.
  case drain
  /// Stop, and report `.stopped`; what is left is kept for the next start, or hung up when nothing
  /// is stored.
  case stop
}

/// An agent request before it has its reference number.
struct AgentRequest: Sendable, Hashable {
  /// What is asked.
  enum Action: Sendable, Hashable {
    case login(dn: DN?, place: String?, queues: [DN])
    case logout(queue: DN?)
    case ready(WorkMode)
    case notReady(WorkMode, reason: String?)
  }

  /// Who asks.
  var agent: AgentID
  /// What is asked.
  var action: Action

  /// The request as the engine takes it.
  func signal(reference: UInt32) -> AgentSignal {
    switch action {
    case .login(let dn, let place, let queues):
      .login(agent, dn: dn, place: place, queues: queues, reference: reference)
    case .logout(let queue): .logout(agent, queue: queue, reference: reference)
    case .ready(let mode): .ready(agent, mode, reference: reference)
    case .notReady(let mode, let reason):
      .notReady(agent, mode, reason: reason, reference: reference)
    }
  }
}

/// A generation on its way into use.
struct Installation: Sendable {
  var generation: Generation
  /// The number of its version.
  var number: Int
  /// What it is made of, to be remembered.
  var sources: StrategyFiles
}

/// How a switch went.
struct Switched: Sendable, Hashable {
  /// Why nothing was switched; nil: the generation is current.
  var failure: ReloadFailure?
  /// For how long the shard's thread did nothing else, in nanoseconds.
  var pause: UInt64
  /// The versions that calls run, the current one too.
  var alive: [Int]
}

/// What the shard's thread counts.
struct ShardFigures: Sendable, Hashable {
  /// Generations of strategies that live: the current one, and those that calls still run.
  var generations: [LuaStrategies.GenerationReport] = []
  /// Calls on the line.
  var calls = 0
  /// Their legs, those of ended calls included until they are gone.
  var legs = 0
  /// SIP transactions, those included that only wait for repetitions.
  var transactions = 0
  /// Datagrams received.
  var received = 0
  /// Datagrams sent.
  var sent = 0
}

/// What the shard's thread tells the control thread, through the control inbox.
enum ShardReport: Sendable {
  /// How the agent stands after a request, and the error if it was refused.
  case agent(AgentPicture?, refusal: Event?, ticket: UInt64)
  /// A request was carried out, or refused with this error.
  case done(refusal: Event?, ticket: UInt64)
  /// A decision record as JSON, or why there is none.
  case decision(String, isRefusal: Bool, ticket: UInt64)
  /// What is kept of a call; nil: nothing is.
  case story(CallStory?, ticket: UInt64)
  /// The requests that were refused last, and what instant zero is.
  case refused([RefusedRequest], epoch: UInt64, ticket: UInt64)
  /// The statistics as JSON.
  case statistics(String, ticket: UInt64)
  /// Something that people should read.
  case warning(String)
  /// A picture.
  case snapshot(Snapshot, figures: ShardFigures, ticket: UInt64)
  /// Events, consecutive, and what the log holds now.
  case events([Event], oldest: UInt64, last: UInt64, ticket: UInt64)
  /// There are new events; said once until somebody reads.
  case published
  /// The generation is current, or why it is not.
  case switched(Switched, ticket: UInt64)
  /// Draining, and no call is left.
  case drained
  /// Told to stop, and so many calls are left behind.
  case stopped(calls: Int)
  /// The thread cannot go on.
  case failed(String)
}
