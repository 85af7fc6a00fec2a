public import Engine

/// Callers who are alike.
public struct CallerType: Sendable, Hashable {
  /// What they are called in reports.
  public var name: String
  /// Their part of all calls, relative to the others'.
  public var share = 1.0
  /// How long they talk.
  public var service = Distribution.exponential(mean: 180)
  /// How long they are willing to wait; nil: for ever.
  public var patience: Distribution?
  /// Where their calls arrive.
  public var place: DN
  /// The number that they dialled.
  public var dnis: String
  /// Their own number.
  public var ani = ""
  /// What their calls bring along.
  public var userData = UserData()

  /// Makes a type of which everything but the name is as usual.
  public init(_ name: String, at place: DN) {
    self.name = name
    self.place = place
    dnis = place.number
  }
}

/// How many calls come when: rates per type that stay the same for a while.
public struct ArrivalProfile: Sendable, Hashable {
  /// A stretch of time in which the rates stay the same.
  public struct Period: Sendable, Hashable {
    /// When it begins: seconds after the beginning of the run.
    public var start: Double
    /// Calls per second, by type.
    public var rates: [Double]

    /// Makes a period.
    public init(start: Double, rates: [Double]) {
      self.start = start
      self.rates = rates
    }
  }

  /// The periods in order; the first begins at 0.
  public var periods: [Period]
  /// When the last one ends; nil: never.
  public var end: Double?
  /// Whether everything begins anew at the end.
  public var repeats = false

  /// Makes a profile.
  public init(_ periods: [Period], end: Double? = nil, repeats: Bool = false) {
    self.periods = periods
    self.end = end
    self.repeats = repeats
  }
}

/// How many agents of a group work from a moment on.
public struct StaffChange: Sendable, Hashable {
  /// When: seconds after the beginning of the run.
  public var at: Double
  /// The agents of the group, in the order in which they are called to work.
  public var agents: [AgentID]
  /// How many of them work.
  public var count: Int

  /// Makes a change.
  public init(at: Double, agents: [AgentID], count: Int) {
    self.at = at
    self.agents = agents
    self.count = count
  }
}

/// What a simulation simulates.
public struct SimulationModel: Sendable {
  /// The site.
  public var plan: Plan
  /// The callers; at least one type.
  public var types: [CallerType]
  /// When they call.
  public var arrivals: ArrivalProfile
  /// How many calls come at most; nil: as many as the profile brings until its end.
  public var calls: Int?
  /// How many calls come before anything is counted.
  public var warmUp = 0
  /// How many callers may wait at the same time, for one more is turned away; nil: any number.
  public var waitingMax: Int?
  /// How long phones ring.
  public var ringing = Duration.zero
  /// Answers within this count for the service level.
  public var threshold = Duration.seconds(20)
  /// When how many agents work; agents whom nobody mentions always do.
  public var staffing: [StaffChange] = []
  /// The shape of a gamma factor of mean 1 by which all rates of a run are multiplied; nil: none.
  public var busynessShape: Double?
  /// The source of all chance.
  public var seed: UInt64 = 1
  /// What instant zero is: nanoseconds since the Unix epoch.
  public var epoch: UInt64 = SimulationModel.usualEpoch

  /// Midnight before 20 November 2026, a Friday, in UTC.
  public static let usualEpoch: UInt64 = 1_795_132_800_000_000_000

  /// Makes a model of which everything else is as usual.
  public init(plan: Plan, types: [CallerType], arrivals: ArrivalProfile) {
    self.plan = plan
    self.types = types
    self.arrivals = arrivals
  }
}
