public import Engine
public import LuaBridge
public import Simulator

/// Tries a strategy in a small world, whatever may happen in it.
public struct Proof {
  /// How big the world is.
  public struct Options: Sendable {
    /// How many calls come.
    public var calls = 2
    /// How many agents come and go.
    public var agents = 3
    /// States at which the search gives up.
    public var statesMax = 500_000
    /// How many signals are given at most; nil: as many as there are.
    public var signalsMax: Int?
    /// The routing point; nil: the first that runs the strategy.
    public var place: DN?
    /// Kinds of findings that are allowed besides those that are anyway.
    public var allowed: [ProofKind] = []
    /// Kinds of findings that are not allowed although they are by default.
    public var denied: [ProofKind] = []

    /// Makes the standard size.
    public init() {}
  }

  /// Why nothing could be tried.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    /// The reason.
    public var description: String

    /// Makes a problem.
    public init(_ description: String) { self.description = description }
  }

  /// What came out.
  public struct Report: Sendable {
    /// The strategy.
    public var strategy: String
    /// The world.
    public var setup: ProofSetup
    /// Findings and figures of the search.
    public var outcome: ProofOutcome
    /// Distinct places in which a run of the strategy was.
    public var runs: Int
    /// Steps of Lua that it took to find out about them.
    public var luaSteps: Int
    /// The counterexample; nil: there is none.
    public var counterexample: Counterexample?
    /// Whether chance decides something in it, of which only some was tried.
    public var isSampled: Bool

    /// Whether everything that was asked for was tried and nothing found.
    public var isProven: Bool {
      (outcome.isExhausted || outcome.isWithinBound) && outcome.finding == nil
    }
  }

  private let strategy: String
  private let source: StrategySource
  private let plan: Plan
  private let options: Options

  /// Makes a proof.
  ///
  /// - Parameters:
  ///   - strategy: The strategy's name.
  ///   - source: The files that it comes with.
  ///   - plan: The site.
  ///   - options: How big the world is.
  public init(_ strategy: String, in source: StrategySource, plan: Plan, options: Options) {
    self.strategy = strategy
    self.source = source
    self.plan = plan
    self.options = options
  }

  /// Runs the search.
  ///
  /// - Parameter goesOn: Told now and then how far it is; false stops the search.
  /// - Returns: What was found and covered.
  /// - Throws: Why nothing could be tried.
  public func run(goesOn: (ProofCoverage) -> Bool = { _ in true }) throws(Problem) -> Report {
    let mentions = StrategyMentions(strategy, in: source)
    let casting = ProofCasting(plan, try point(), mentions)
    var setup = casting.setup(calls: options.calls, agents: options.agents)
    setup.allowed += options.allowed
    setup.allowed.removeAll { options.denied.contains($0) }
    // Whether a queue is attended is a matter of who is logged in.
    if !setup.allowed.contains(.unattended) { setup.tellAbsenceApart() }
    let generation: Generation
    do {
      generation = try Generation(source, limits: setup.plan.limits)
    } catch {
      throw Problem(error.problems.map { "\($0)" }.joined(separator: "\n"))
    }
    let trie = StrategyTrie(generation, limits: setup.plan.limits, sight: sight(mentions))
    var search = ProofSearch(setup, strategies: TrieStrategies(trie))
    var outcome = search.run(statesMax: options.statesMax, signalsMax: options.signalsMax) {
      trie.problem == nil && goesOn($0)
    }
    if let problem = trie.problem { throw Problem(problem) }
    // Where absence is one, who is logged in was not looked at state by state.
    if !setup.tellsAbsenceApart { outcome.seen.removeAll { $0.kind == .unattended } }
    var report = Report(
      strategy: strategy,
      setup: setup,
      outcome: outcome,
      runs: trie.nodeCount,
      luaSteps: trie.luaSteps,
      counterexample: nil,
      isSampled: casting.usesChance
    )
    if let finding = outcome.finding {
      let script = setup.script(of: finding, strategies: TrieStrategies(trie))
      report.counterexample = Counterexample(
        finding,
        setup,
        script,
        strategies: LuaStrategies(generation, limits: setup.plan.limits, budget: .counted)
      )
    }
    return report
  }

  private func point() throws(Problem) -> RoutingPointPlan {
    let name = StrategyName(strategy)
    if let place = options.place {
      guard var point = plan.routingPoints.first(where: { $0.dn == place }) else {
        throw Problem("there is no routing point \"\(place.number)\" in the site")
      }
      point.strategy = name
      return point
    }
    if let point = plan.routingPoints.first(where: { $0.strategy == name }) { return point }
    guard var point = plan.routingPoints.first else {
      throw Problem("the site has no routing point")
    }
    point.strategy = name
    return point
  }

  private func sight(_ mentions: StrategyMentions) -> StrategySight {
    var sight: StrategySight = []
    if mentions.mentionsTime { sight.insert(.time) }
    if mentions.mentions("id", "uuid") { sight.insert(.identity) }
    if mentions.mentions("attempts") { sight.insert(.attempts) }
    if mentions.looksAtReasons { sight.insert(.reasons) }
    return sight
  }
}
