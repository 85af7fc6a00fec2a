internal import Engine
internal import Journal
public import LuaBridge
public import Workbench

/// What `simulate` needs: a model and the strategies that decide in it.
public struct SimulationInput: Sendable {
  /// What was asked for; files are named, not read.
  public struct Options: Sendable {
    /// The site file; nil: a site is made up of agents who can all do everything.
    public var site: String?
    /// The file of the strategy; nil: `ANY`, or the site's own strategies.
    public var strategy: String?
    /// The folder of the site's own strategies.
    public var strategies: String?
    /// How many agents there are, without a site file.
    public var agents: Int?
    /// Calls per hour.
    public var arrivalsPerHour: Double?
    /// The file with calls by the hour.
    public var arrivals: String?
    /// The file with agents by the hour.
    public var staff: String?
    /// The file with types of callers.
    public var types: String?
    /// Types of callers, one each, as `name,key=value,…`.
    public var typeTexts: [String] = []
    /// How long callers talk, unless their type says otherwise.
    public var service: Distribution?
    /// How long callers are willing to wait, unless their type says otherwise.
    public var patience: Distribution?
    /// How long calls come, in hours; nil: until there were enough.
    public var hours: Double?
    /// How many calls come.
    public var calls: Int?

    /// Makes options of which none is given.
    public init() {}
  }

  /// The model.
  public var model: SimulationModel
  /// The strategies.
  public var source: StrategySource

  /// The strategy that is used when none is named.
  public static let anyStrategy = "return function(call) return ANY end\n"

  /// The same for callers some of whom come first.
  static let priorityStrategy = """
    return function(call)
      local priority = tonumber(call.user_data.priority)
      if priority then call:priority(priority) end
      return ANY
    end

    """

  /// Reads the files and puts the model together.
  ///
  /// - Parameter options: What was asked for.
  /// - Throws: What cannot be read, is wrong or is missing.
  public init(_ options: Options) throws(ServiceError) {
    var plan = try SimulationSite.plan(options)
    let types = try SimulationTypes.read(options, plan)
    (plan, source) = try SimulationSite.strategies(options, plan, types)
    let schedule = try SimulationSchedule(options, types, plan)
    model = SimulationModel(plan: plan, types: types, arrivals: schedule.arrivals)
    model.staffing = schedule.staffing
    model.epoch = schedule.epoch
    model.calls = options.calls
    if options.calls == nil, schedule.arrivals.end == nil { model.calls = Self.usualCalls }
  }

  /// Runs the model.
  ///
  /// - Parameters:
  ///   - runs: How often.
  ///   - sink: Where the recording of the first run goes; nil: nowhere.
  ///   - goesOn: See `SimulationReport.make`.
  /// - Returns: What was found.
  /// - Throws: What is wrong with the strategies, or that the recording cannot be written.
  public func run(
    runs: Int,
    sink: FileSink?,
    goesOn: (_ run: Int, _ arrived: Int) -> Bool
  ) throws(ServiceError) -> SimulationReport {
    let report: SimulationReport
    do throws(LoadFailure) {
      let recorder = sink?.recorder
      recorder?.sources = [StrategyFiles(source)]
      report = try .make(model, source, runs: runs, recorder: recorder, goesOn: goesOn)
    } catch {
      throw ServiceError(error.description)
    }
    if let sink, sink.hasFailed { throw ServiceError("cannot write \(sink.path)") }
    return report
  }

  /// How many calls come unless something else ends the run.
  public static let usualCalls = 100_000
}
