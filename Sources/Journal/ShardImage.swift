// What a shard needs to go on in another process without the signals before it.
//
// Invariant: an image is a cache. The signals are the truth; what an image says follows from them,
// and one that cannot be read is passed over (ADR 0017).

public import Engine
internal import Wire

/// A picture of a shard at a moment between two signals.
public struct ShardImage: Sendable, Codable {
  /// The engine.
  public var state: EngineState
  /// The suspended runs of strategies.
  public var runs: StrategyRuns
  /// What the events until then add up to.
  public var statistics: Statistics
  /// The highest reference number of a request until then.
  public var reference: UInt32

  /// Makes an image.
  public init(
    state: EngineState,
    runs: StrategyRuns,
    statistics: Statistics,
    reference: UInt32
  ) {
    self.state = state
    self.runs = runs
    self.statistics = statistics
    self.reference = reference
  }

  /// Reads what `PackedImage` holds.
  ///
  /// - Throws: Why this version cannot.
  public init(_ bytes: [UInt8]) throws {
    self = try Packed.value(ShardImage.self, from: bytes)
  }
}

/// What of a site any version can go on with when nobody is there: the end of a day.
public struct CarriedState: Sendable, Codable, Hashable {
  /// An agent and what he was.
  public struct Agent: Sendable, Codable, Hashable {
    /// The login id.
    public var id: AgentID
    /// Where he was logged in; nil: nowhere.
    public var dn: DN?
    /// Whether he was ready.
    public var isReady: Bool
    /// His work mode while he was not.
    public var workMode: WorkMode
    /// His reason; empty when he gave none.
    public var reason: String
  }

  /// When it was: nanoseconds since the Unix epoch.
  public var time: UInt64
  /// All agents; of those who were ready the one first who had been it the longest.
  public var agents: [Agent]
  /// What strategies kept.
  public var state: [StrategyState]
  /// The last event.
  public var event: UInt64
  /// The last CallID.
  public var callID: UInt32
  /// The highest reference number of a request.
  public var reference: UInt32

  /// Takes it from a picture for people.
  public init(_ picture: Snapshot, state: [StrategyState], _ counters: EngineCounters) {
    time = picture.time
    agents = picture.agents.sorted { $0.since < $1.since }.map { agent in
      Agent(
        id: agent.id,
        dn: agent.dn,
        isReady: agent.state != "not_ready" && agent.state != "after_call_work",
        workMode: agent.workMode,
        reason: agent.reason
      )
    }
    self.state = state
    event = counters.sequence
    callID = counters.callID
    reference = 0
  }
}

/// An image as it is written.
public struct PackedImage: Sendable {
  /// The instant of the last signal before it.
  public var instant: Instant
  /// The sequence number of the last event before it.
  public var event: UInt64
  /// The ConnIDs of the calls that were alive, as a JSON array.
  public var alive: String
  /// The version of the program that took it.
  public var engine: String
  /// The image.
  public var bytes: [UInt8]
  /// What any version can go on with; empty while calls are alive.
  public var carried: [UInt8]

  /// Writes an image; takes a while when many calls are alive.
  ///
  /// - Throws: What cannot be written.
  public init(_ image: ShardImage, _ carried: CarriedState?, engine: String) throws {
    self.engine = engine
    instant = image.state.instant
    event = image.state.counters.sequence
    var writer = JSONWriter()
    writer.beginArray()
    for call in image.state.aliveCalls { writer.value(call) }
    writer.endArray()
    alive = writer.text
    bytes = try Packed.bytes(of: image)
    self.carried = try carried.map { try Packed.bytes(of: $0) } ?? []
  }
}
