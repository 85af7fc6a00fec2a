internal import Engine
public import LuaBridge

extension SimulationReport {
  /// Runs a model with the strategies of a folder, as often as wanted.
  ///
  /// Further runs have seeds of their own, made from the model's.
  ///
  /// - Parameters:
  ///   - model: What is simulated.
  ///   - source: The strategies.
  ///   - runs: How many runs; more than one makes intervals of runs instead of batches.
  ///   - recorder: Takes down the first run; nil: nobody does.
  ///   - goesOn: Asked now and then with the number of the run and the calls that have come in it;
  ///     false stops.
  /// - Returns: What was found in all runs together.
  /// - Throws: What is wrong with the strategies.
  public static func make(
    _ model: SimulationModel,
    _ source: StrategySource,
    runs: Int = 1,
    recorder: SimulationRecorder? = nil,
    goesOn: (_ run: Int, _ arrived: Int) -> Bool = { _, _ in true }
  ) throws(LoadFailure) -> SimulationReport {
    var seeds = SplitMix64(seed: model.seed)
    var report: SimulationReport?
    for run in 0..<max(1, runs) {
      var model = model
      if run > 0 { model.seed = seeds.next() }
      // A generation of its own each time: what strategies keep must not go from run to run.
      let generation = try Generation(source, limits: model.plan.limits)
      let simulation = Simulation(
        model,
        strategies: LuaStrategies(generation, limits: model.plan.limits, budget: .counted),
        fingerprint: source.fingerprint,
        recorder: run == 0 ? recorder : nil
      )
      let one = simulation.run { goesOn(run, $0) }
      if report == nil {
        report = one
      } else {
        report?.add(one)
      }
      if one.wasStopped { break }
    }
    return report ?? SimulationReport(types: model.types.map(\.name))
  }
}

extension SimulationFloor {
  /// What was found so far.
  func report(types: [String], wasStopped: Bool) -> SimulationReport {
    var report = SimulationReport(types: types)
    report.wasStopped = wasStopped
    report.threshold = Double(threshold) / 1e9
    report.total = total
    report.samples = batches.full
    report.histogram = histogram
    report.targets = targets.filter { $0.diverted > 0 }.sorted { $0.name < $1.name }
    report.queues = queues
    report.agents = agents
    return report
  }
}
