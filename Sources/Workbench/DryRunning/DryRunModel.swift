public import Engine
public import Journal

/// A recording that is ready to be run as often as wanted.
public struct DryRunModel: Sendable {
  /// The recording's first line.
  public let head: RecordingHead
  /// What is known of its calls.
  public let facts: Facts
  /// Answers within this count for the service level.
  public var threshold = Duration.seconds(20)
  /// The source of all draws.
  public var seed: UInt64 = 1
  /// How the patience of those who did not give up is known.
  public var patience = PatienceRule.estimated
  let basis: Draws.Basis
  private let opener: @Sendable () throws -> any RecordingReader

  /// Puts together what runs share.
  ///
  /// - Parameters:
  ///   - head: The recording's first line.
  ///   - facts: What is known of its calls.
  ///   - open: Gives the recording from its beginning.
  public init(
    head: RecordingHead,
    facts: Facts,
    open: @escaping @Sendable () throws -> any RecordingReader
  ) {
    self.head = head
    self.facts = facts
    opener = open
    basis = Draws.Basis(facts)
  }

  func open() throws -> any RecordingReader { try opener() }

  /// The seed of a run's draws; the first run has the model's.
  func seed(ofRun run: Int) -> UInt64 {
    run == 0 ? seed : Draws.mixed(seed, UInt64(run), 0x72_756E)
  }
}

/// What a recording is run with: a site, people and strategies.
public struct DryRunSide: Sendable {
  /// What reports call it.
  public var name: String
  /// The site.
  public var plan: Plan
  /// Who decides.
  public var strategies: DryRunStrategies
  /// Whether agents work as recorded; otherwise all of the site's agents work all the time.
  public var keepsAgents: Bool
  /// Agents who are not in the recording and work all the time.
  public var newAgents: [AgentID] = []

  /// Makes a side.
  ///
  /// - Parameters:
  ///   - name: What reports call it.
  ///   - plan: The site.
  ///   - strategies: Who decides.
  ///   - model: The recording.
  ///   - keepsAgents: Whether agents work as recorded.
  public init(
    _ name: String,
    plan: Plan,
    strategies: DryRunStrategies,
    model: DryRunModel,
    keepsAgents: Bool = true
  ) {
    self.name = name
    self.plan = plan
    self.strategies = strategies
    self.keepsAgents = keepsAgents
    self.plan.limits.decisionsKept = 0
    let recorded = model.head.plan.agents.map(\.id)
    newAgents = plan.agents.map(\.id).filter { id in
      guard keepsAgents else { return true }
      return !model.facts.agents.contains(id.text) && !recorded.contains(id)
    }
    // Phones of which the recording says nothing work.
    for index in self.plan.extensions.indices {
      let dn = self.plan.extensions[index].dn.number
      if !keepsAgents || !model.facts.switchedDNs.contains(dn) {
        self.plan.extensions[index].startsInService = true
      }
    }
  }
}

/// How a call fared in a run.
struct CallOutcome: Sendable {
  /// From its arrival until somebody answered, or until its end, in nanoseconds.
  var wait: UInt64 = 0
  /// Who answered: an index of the run's names; negative: nobody.
  var target: Int32 = -1
  var end = SimulatedEnd.unanswerable
  var isDefaulted = false
  /// Whether a drawn value had a part in it.
  var isDrawn = false
}

/// How many values had to be drawn.
public struct DrawnCounts: Sendable, Hashable {
  /// Callers who waited longer than it is known of them.
  public var patience = 0
  /// Of these, who gave up.
  public var gaveUp = 0
  /// Conversations that were not in the recording.
  public var talk = 0
  /// Announcements whose length is not in the recording.
  public var announcements = 0

  /// Whether anything was drawn that chance had a part in.
  public var isAny: Bool { patience + talk > 0 }
}

/// A question that the recording does not answer.
public struct Unanswerable: Sendable, Hashable {
  /// The call, as sixteen digits.
  public var call: String
  /// When it came, in seconds after the recording's beginning.
  public var at: Double
  /// What was asked.
  public var reason: String
}

/// What one run found.
public struct DryRunResult: Sendable {
  /// The figures.
  public internal(set) var report: SimulationReport
  /// What was drawn.
  public internal(set) var drawn = DrawnCounts()
  /// Whether strategies asked for chance.
  public internal(set) var usedChance = false
  /// The first questions that could not be answered.
  public internal(set) var unanswerable: [Unanswerable] = []
  /// Requests of agents who are not in the site.
  public internal(set) var ignoredRequests = 0
  var outcomes: [CallOutcome] = []
  var names = Names()
  var course: DayCourse?
  /// Decision records of the calls that were asked for, as lines, by their place in the facts.
  var traces: [Int32: [String]] = [:]

  static let unanswerableListed = 1_000
}
