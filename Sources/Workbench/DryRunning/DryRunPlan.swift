// Which runs a dry-run takes; whoever has threads runs them.

internal import Engine

/// One run that can be made on any thread.
public struct DryRunJob: Sendable {
  let model: DryRunModel
  let side: DryRunSide
  let run: Int
  var traces: [Int32] = []

  /// Runs it.
  ///
  /// - Parameter goesOn: Asked now and then with the number of calls that have come; false stops.
  /// - Returns: What was found.
  /// - Throws: What cannot be read, or why strategies cannot be loaded.
  public func callAsFunction(_ goesOn: (Int) -> Bool) throws -> DryRunResult {
    var wants = DryRun.Wants()
    wants.outcomes = run == 0 && traces.isEmpty
    wants.course = wants.outcomes
    wants.traces = traces
    return try DryRun(model, side, run: run, wants).run(goesOn: goesOn)
  }
}

/// A dry-run before it is run.
public struct DryRunPlan: Sendable {
  /// What was recorded.
  public let model: DryRunModel
  /// The side that was asked for.
  public let a: DryRunSide
  /// What it is held against.
  public let b: Against
  /// How many runs there are at most.
  public var runs = 5
  /// Waits that differ by no more than so many nanoseconds are the same.
  public var tolerance: UInt64 = 1_000_000_000
  /// How many changed calls are listed with their decision records.
  public var listed = 500

  /// What a side is held against.
  public enum Against: Sendable {
    case nothing
    case side(DryRunSide)
    /// What really happened.
    case facts
  }

  /// Runs jobs, each on a thread if there are enough, and gives their results in order.
  public typealias Runner = (_ jobs: [DryRunJob]) throws -> [DryRunResult]

  /// Makes a plan.
  public init(_ model: DryRunModel, _ a: DryRunSide, against b: Against) {
    self.model = model
    self.a = a
    self.b = b
  }

  /// Makes all runs.
  ///
  /// - Parameters:
  ///   - explains: Whether the changed calls' decision records are wanted.
  ///   - runAll: Runs jobs.
  /// - Returns: What was found.
  /// - Throws: What a run throws.
  public func report(explains: Bool, _ runAll: Runner) throws -> DryRunReport {
    var sides = [a]
    if case .side(let side) = b { sides.append(side) }
    let recorded = DryRunResult.recorded(model)
    let first = try runAll(sides.map { DryRunJob(model: model, side: $0, run: 0) })
    var results = first.map { [$0] }
    // What fares exactly as recorded has nothing uncertain in it: it is what happened.
    let isExact = first.map { result in
      !(result.drawn.isAny || result.usedChance)
        || ChangeCounts(result, recorded, tolerance: 0).changed == 0
    }
    var jobs: [(side: Int, job: DryRunJob)] = []
    for run in stride(from: 1, to: runs, by: 1) {
      for (index, side) in sides.enumerated() where !isExact[index] {
        jobs.append((index, DryRunJob(model: model, side: side, run: run)))
      }
    }
    for (job, result) in zip(jobs, try runAll(jobs.map(\.job))) { results[job.side].append(result) }
    var reports = sides.indices.map { index in
      DryRunSideReport(sides[index].name, results[index], isExact: isExact[index])
    }
    if case .facts = b {
      reports.append(DryRunSideReport("what happened", [recorded], isExact: true))
    }
    var report = DryRunReport(
      model,
      reports[0],
      against: reports.count > 1 ? reports[1] : nil,
      recorded: recorded,
      tolerance: tolerance,
      listed: listed
    )
    guard explains, !report.changes.isEmpty else { return report }
    let places = report.wantedTraces
    let traced = try runAll(
      sides.map { DryRunJob(model: model, side: $0, run: 0, traces: places) }
    )
    report.a.traces = traced[0].traces
    if traced.count > 1 { report.b?.traces = traced[1].traces }
    return report
  }
}
