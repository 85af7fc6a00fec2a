internal import Engine
internal import Glibc
internal import Journal
internal import LuaBridge
internal import Reactor
internal import Wire
public import Workbench

/// What `dryrun` needs: a recording, and one or two sides to run it with.
public struct DryRunInput: Sendable {
  /// What was asked for; files are named, not read.
  public struct Options: Sendable {
    /// The recording.
    public var recording = ""
    /// The folder of the strategies; nil: the recording's own.
    public var strategies: String?
    /// What it is held against: a folder, or `recorded`.
    public var against: String?
    /// The site file; nil: the recording's site.
    public var site: String?
    /// So many agents who are all alike and work all the time, instead of the recorded ones.
    public var agents: Int?
    /// The source of all draws.
    public var seed: UInt64 = 1
    /// How many runs there are at most.
    public var runs = 5
    /// How many runs are made at once; nil: as many as there are processors.
    public var threads: Int?
    /// How the patience of those who did not give up is known.
    public var patience = PatienceRule.estimated
    /// Answers within this are in time.
    public var threshold = 20.0
    /// Waits that differ by no more than this are the same.
    public var tolerance = 1.0
    /// How many changed calls are listed.
    public var listed = 500

    /// Makes options of which none is given.
    public init() {}
  }

  /// The word for the recording's own strategies.
  public static let recordedWord = "recorded"

  /// What is to be run.
  public let plan: DryRunPlan
  private let recording: String
  private let threads: Int

  /// Reads the recording once, the site and the strategies.
  ///
  /// - Parameter options: What was asked for.
  /// - Throws: What cannot be read, is wrong or is missing.
  public init(_ options: Options) throws {
    let model = try Self.model(options)
    let (plan, keepsAgents) = try Self.site(options, model)
    let own = Self.recorded(model)
    let strategies: DryRunStrategies
    if let folder = options.strategies {
      strategies = try Self.folder(folder, plan)
    } else {
      strategies = try own ?? Self.nothing(plan, model)
    }
    var name = options.strategies ?? (own == nil ? "the recorded site" : Self.recordedWord)
    if let path = options.site { name += ", site \(path)" }
    if let count = options.agents { name += ", \(count) agents" }
    let side = DryRunSide(
      name,
      plan: plan,
      strategies: strategies,
      model: model,
      keepsAgents: keepsAgents
    )
    var against = DryRunPlan.Against.nothing
    if let name = options.against {
      if name != Self.recordedWord {
        let other = try Self.folder(name, plan)
        against = .side(
          DryRunSide(name, plan: plan, strategies: other, model: model, keepsAgents: keepsAgents)
        )
      } else if let own {
        // The recording's strategies with the recording's people, whatever A has.
        let recordedPlan = model.head.plan
        against = .side(DryRunSide(name, plan: recordedPlan, strategies: own, model: model))
      } else {
        against = .facts
      }
    }
    var made = DryRunPlan(model, side, against: against)
    made.runs = options.runs
    made.tolerance = UInt64(options.tolerance * 1e9)
    made.listed = options.listed
    self.plan = made
    recording = options.recording
    threads = max(1, options.threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  private static func model(_ options: Options) throws -> DryRunModel {
    let path = options.recording
    guard path != "-" else {
      throw ServiceError("a dry-run reads its recording more than once: name a file")
    }
    let file = try LineFile(path)
    do {
      guard let first = file.next(), !first.isEmpty else {
        throw ServiceError("\(path):1: the file is empty")
      }
      let head: RecordingHead
      do {
        head = try Replay.head(of: first)
      } catch let error as JSONError {
        throw JSONError(line: 1, column: error.column, error.message)
      }
      guard head.snapshot == nil else {
        throw ServiceError(
          "\(path) begins in the middle of a day: a dry-run needs all of it "
            + "(export without --since)"
        )
      }
      let kept = KeptLinesFile()
      let recording = try OpenFile(reading: path)
      let facts = try FactsReader.read(head, keeping: kept) { RecordingFile(recording) }
      guard facts.callCount > 0 else { throw ServiceError("\(path): no call comes in it") }
      let source = kept.file
      var model = DryRunModel(head: head, facts: facts) {
        source.map { RecordingFile($0, hasNumbers: true) } ?? RecordingFile(recording)
      }
      model.seed = options.seed
      model.patience = options.patience
      model.threshold = .nanoseconds(Int64(options.threshold * 1e9))
      return model
    } catch let error as JSONError {
      throw ServiceError("\(path):\(error)")
    }
  }

  /// The recording's own strategies; nil when it brings none along.
  private static func recorded(_ model: DryRunModel) -> DryRunStrategies? {
    let sources = model.head.sources.map { StrategySource($0) }
    return sources.isEmpty ? nil : .recorded(sources)
  }

  /// The strategies of a folder, which has all that the site's routing points run.
  private static func folder(_ folder: String, _ plan: Plan) throws -> DryRunStrategies {
    let source = try StrategyFolder.read(folder)
    let paths = source.files.map(\.path)
    for point in plan.routingPoints where !paths.contains(point.strategy.text + ".lua") {
      throw ServiceError(
        "\(folder): there is no \(point.strategy.text).lua, which routing point"
          + " \(point.dn.number) runs"
      )
    }
    return .folder(source)
  }

  private static func nothing(_ plan: Plan, _ model: DryRunModel) throws -> DryRunStrategies {
    guard plan.routingPoints.isEmpty else {
      throw ServiceError(
        "the recording does not bring its strategies along: say --strategies DIR"
      )
    }
    return .nothing
  }

  /// The site, and whether agents work as recorded.
  private static func site(_ options: Options, _ model: DryRunModel) throws -> (Plan, Bool) {
    var plan = model.head.plan
    if let path = options.site {
      let loaded = try SiteFile.load(path, strategies: nil)
      guard let site = loaded.site else {
        let errors = loaded.findings.filter { $0.severity == .error }
        throw ServiceError(errors.map { $0.long }.joined(separator: "\n"))
      }
      plan = site.plan
    }
    guard let count = options.agents else { return (plan, true) }
    plan.become(count)
    return (plan, false)
  }

  // MARK: Running

  /// Runs it.
  ///
  /// - Parameters:
  ///   - explains: Whether the changed calls' decision records are wanted.
  ///   - goesOn: Asked now and then, on any thread, with the share of the work that is done; false
  ///     stops.
  /// - Returns: What was found.
  /// - Throws: What is wrong with the strategies, or what cannot be read.
  public func run(
    explains: Bool,
    goesOn: @escaping @Sendable (Double) -> Bool
  ) throws -> DryRunReport {
    let threads = threads
    let calls = plan.model.facts.callCount
    do {
      return try plan.report(explains: explains) { jobs in
        try DryRunThreads.run(jobs, on: threads, calls: calls, goesOn)
      }
    } catch let error as JSONError {
      throw ServiceError("\(recording):\(error)")
    }
  }
}

/// Runs jobs beside each other.
private enum DryRunThreads {
  private struct State: Sendable {
    var next = 0
    var arrived: [Int]
    var results: [DryRunResult?]
    var failure: (any Error)?
  }

  static func run(
    _ jobs: [DryRunJob],
    on threads: Int,
    calls: Int,
    _ goesOn: @escaping @Sendable (Double) -> Bool
  ) throws -> [DryRunResult] {
    guard !jobs.isEmpty else { return [] }
    let state = Locked(
      State(arrived: jobs.map { _ in 0 }, results: jobs.map { _ in nil })
    )
    let work: @Sendable () -> Void = {
      while let index = state.withLock({ state -> Int? in
        guard state.next < jobs.count, state.failure == nil else { return nil }
        state.next += 1
        return state.next - 1
      }) {
        do {
          let result = try jobs[index]() { arrived in
            let done = state.withLock { state in
              state.arrived[index] = arrived
              return Double(state.arrived.reduce(0, +)) / Double(max(1, calls * jobs.count))
            }
            return goesOn(done)
          }
          state.withLock { $0.results[index] = result }
        } catch {
          let isTold = error is ServiceError || error is JSONError
          let failure: any Error = isTold ? error : ServiceError("\(error)")
          state.withLock { $0.failure = $0.failure ?? failure }
        }
      }
    }
    var others: [ShardThread] = []
    for number in 1..<max(2, min(threads, jobs.count) + 1) where number < min(threads, jobs.count) {
      others.append(try ShardThread(name: "dryrun \(number)") { work() })
    }
    work()
    for thread in others { thread.join() }
    let (results, failure) = state.withLock { ($0.results, $0.failure) }
    if let failure { throw failure }
    return results.compactMap { $0 }
  }
}

extension Plan {
  /// Replaces the agents by so many who are all alike.
  mutating func become(_ count: Int) {
    let seats = Set(agents.compactMap(\.extensionDN))
    extensions.removeAll { seats.contains($0.dn) }
    agents = []
    groups = []
    for index in queues.indices { queues[index].agents = nil }
    let taken = Set(
      extensions.map(\.dn) + queues.map(\.dn) + routingPoints.map(\.dn) + virtualQueues.map(\.dn)
    )
    var number = count > 900 ? 700_001 : 7_001
    for index in 0..<count {
      while taken.contains(DN(String(number))) { number += 1 }
      let dn = DN(String(number))
      number += 1
      extensions.append(ExtensionPlan(dn, startsInService: true))
      let id = AgentID(String((count > 900 ? 100_001 : 1_001) + index))
      agents.append(AgentPlan(id, extensionDN: dn))
    }
  }
}
