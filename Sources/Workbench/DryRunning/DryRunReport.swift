// What came of the runs of one side or of two.

internal import Engine
internal import Wire

/// The statistics of a run, each with its name.
struct DryRunStatistics: Sendable {
  static let names: [String] =
    ["answered", "abandoned", "rejected", "defaulted", "diverted", "unanswerable"]
    + SimulationReport.Figure.allCases.map(\.rawValue)
    + ["wait_p50", "wait_p90", "wait_p95", "wait_p99", "wait_max"]

  /// One value for each name.
  let values: [Double]

  init(_ report: SimulationReport) {
    let sums: [Tally.Sum] = [
      .answered, .abandoned, .rejected, .defaulted, .diverted, .unanswerable,
    ]
    values =
      sums.map { report.total[$0] } + SimulationReport.Figure.allCases.map { report.value($0) }
      + [0.5, 0.9, 0.95, 0.99].map { report.waitQuantile($0) } + [report.waitMax]
  }
}

/// The runs of one side.
public struct DryRunSideReport: Sendable {
  /// What it is called.
  public let name: String
  /// The figures, averaged over the runs.
  public var report: SimulationReport
  /// The first run.
  public let main: DryRunResult
  /// Whether every other run would have given the same.
  public let isExact: Bool
  let statistics: [DryRunStatistics]
  /// Decision records of changed calls, as lines, by their place in the facts.
  var traces: [Int32: [String]] = [:]

  /// Puts runs together.
  ///
  /// - Parameters:
  ///   - name: What the side is called.
  ///   - results: Its runs, the first one with outcomes; at least one.
  ///   - isExact: Whether every other run would have given the same.
  public init(_ name: String, _ results: [DryRunResult], isExact: Bool) {
    self.name = name
    main = results[0]
    self.isExact = isExact
    statistics = results.map { DryRunStatistics($0.report) }
    var report = results[0].report
    for other in results.dropFirst() { report.add(other.report) }
    report.average()
    report.samples = []
    self.report = report
  }

  /// How many runs there were.
  public var runs: Int { statistics.count }

  mutating func measured(wall: Double, processor: Double, memory: Int64) {
    report.wallSeconds = wall
    report.cpuSeconds = processor
    report.memoryBytes = memory
  }

  /// Where the true value of a statistic is likely to lie.
  func interval(_ index: Int) -> Interval? {
    Interval(predictedBy: statistics.map { $0.values[index] }, isExact: isExact)
  }

  /// A figure with its interval; nil when one run alone does not say.
  public func interval(_ figure: SimulationReport.Figure) -> Interval? {
    DryRunStatistics.names.firstIndex(of: figure.rawValue).flatMap { interval($0) }
  }

  /// The statistics by name, with their intervals.
  public var intervals: [(name: String, value: Double, interval: Interval?)] {
    DryRunStatistics.names.indices.map { index in
      let values = statistics.map { $0.values[index] }
      let mean = values.reduce(0, +) / Double(values.count)
      return (DryRunStatistics.names[index], mean, interval(index))
    }
  }
}

/// A call that fared otherwise.
public struct CallChange: Sendable {
  /// Its place in the facts.
  let place: Int32
  /// Whether it ended in another way.
  public let isOtherEnd: Bool
  /// Whether somebody else answered.
  public let isOtherTarget: Bool
  /// Whether it waited longer or shorter, beyond the tolerance.
  public let isOtherWait: Bool
}

/// How many calls fared otherwise, and in what.
public struct ChangeCounts: Sendable, Hashable {
  /// Calls that could be compared.
  public var compared = 0
  /// Calls that still wait where the recording ends: nobody knows what would have become of them.
  public var open = 0
  /// Calls that changed in anything.
  public var changed = 0
  /// Another end, such as abandoned instead of answered.
  public var end = 0
  /// Somebody else answered.
  public var target = 0
  /// Another wait.
  public var wait = 0

  /// Counts of nothing.
  init() {}

  mutating func add(_ change: CallChange) {
    changed += 1
    if change.isOtherEnd { end += 1 }
    if change.isOtherTarget { target += 1 }
    if change.isOtherWait { wait += 1 }
  }

  /// Compares two runs of the same calls.
  ///
  /// - Parameters:
  ///   - one: A run with outcomes.
  ///   - other: Another one.
  ///   - tolerance: Waits that differ by no more than so many nanoseconds are the same.
  ///   - isKnown: Says of a call's place whether it can be compared.
  ///   - note: Sees every changed call, in the order in which they came.
  init(
    _ one: DryRunResult,
    _ other: DryRunResult,
    tolerance: UInt64,
    where isKnown: (Int) -> Bool = { _ in true },
    note: (CallChange) -> Void = { _ in }
  ) {
    // Names have numbers of their own in each.
    let translated = other.names.texts.map { one.names.known($0) ?? -2 }
    for place in one.outcomes.indices {
      guard isKnown(place) else {
        open += 1
        continue
      }
      let (left, right) = (one.outcomes[place], other.outcomes[place])
      compared += 1
      let isOtherEnd = left.end != right.end
      let wait = max(left.wait, right.wait) - min(left.wait, right.wait)
      var isOtherTarget = false
      // Not every recording says who answered.
      if !isOtherEnd, left.target >= 0, right.target >= 0 {
        isOtherTarget = translated[Int(right.target)] != left.target
      }
      let isOtherWait = wait > tolerance
      guard isOtherEnd || isOtherTarget || isOtherWait else { continue }
      let change = CallChange(
        place: Int32(place),
        isOtherEnd: isOtherEnd,
        isOtherTarget: isOtherTarget,
        isOtherWait: isOtherWait
      )
      add(change)
      note(change)
    }
  }
}

/// A dry-run of one side, or of two against each other.
public struct DryRunReport: Sendable {
  /// What was recorded.
  public let model: DryRunModel
  /// The side that was asked for.
  public var a: DryRunSideReport
  /// What it is held against; nil: nothing.
  public var b: DryRunSideReport?
  /// Waits that differ by no more than this are the same.
  public let tolerance: UInt64
  /// How the first side differs from the second.
  public private(set) var counts = ChangeCounts()
  /// The changed calls that are listed: other ends first, then the largest differences of waits.
  public private(set) var changes: [CallChange] = []
  /// How the first side differs from what was recorded.
  public private(set) var fromRecorded = ChangeCounts()
  /// The same for the second side.
  public private(set) var fromRecordedB = ChangeCounts()

  /// Puts a report together.
  ///
  /// - Parameters:
  ///   - model: What was recorded.
  ///   - a: The runs of the side that was asked for.
  ///   - b: The runs of what it is held against.
  ///   - recorded: What really happened.
  ///   - tolerance: Waits that differ by no more than so many nanoseconds are the same.
  ///   - listed: How many changed calls are listed.
  init(
    _ model: DryRunModel,
    _ a: DryRunSideReport,
    against b: DryRunSideReport?,
    recorded: DryRunResult,
    tolerance: UInt64,
    listed: Int
  ) {
    self.model = model
    self.a = a
    self.b = b
    self.tolerance = tolerance
    let hasEnd = { (place: Int) in model.facts.calls[place].end != .waiting }
    fromRecorded = ChangeCounts(a.main, recorded, tolerance: tolerance, where: hasEnd)
    guard let b else { return }
    fromRecordedB = ChangeCounts(b.main, recorded, tolerance: tolerance, where: hasEnd)
    var all: [CallChange] = []
    counts = ChangeCounts(a.main, b.main, tolerance: tolerance, note: { all.append($0) })
    all.sort { left, right in
      if left.isOtherEnd != right.isOtherEnd { return left.isOtherEnd }
      let (one, other) = (waitDifference(left), waitDifference(right))
      return one == other ? left.place < right.place : one > other
    }
    changes = Array(all.prefix(max(0, listed)))
  }

  private func waitDifference(_ change: CallChange) -> UInt64 {
    guard let b else { return 0 }
    let place = Int(change.place)
    let (one, other) = (a.main.outcomes[place].wait, b.main.outcomes[place].wait)
    return max(one, other) - min(one, other)
  }

  /// The places of the listed calls, for a run that brings their decision records.
  var wantedTraces: [Int32] { changes.map(\.place) }

  /// The difference of every statistic, run by run, with its interval.
  public var differences: [(name: String, value: Double, interval: Interval?)] {
    guard let b else { return [] }
    let isExact = a.isExact && b.isExact
    // A side that every run would repeat has one run for all of the other's.
    let runs = max(a.runs, b.runs)
    return DryRunStatistics.names.indices.map { index in
      let values = (0..<runs).map { run in
        a.statistics[min(run, a.runs - 1)].values[index]
          - b.statistics[min(run, b.runs - 1)].values[index]
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let interval = Interval(predictedBy: values, isExact: isExact)
      return (DryRunStatistics.names[index], mean, interval)
    }
  }

  /// Keeps what the whole dry-run took.
  ///
  /// - Parameters:
  ///   - wall: The time that passed, in seconds.
  ///   - processor: Processor time.
  ///   - memory: The most memory that the process held, in bytes.
  public mutating func measured(wall: Double, processor: Double, memory: Int64) {
    a.measured(wall: wall, processor: processor, memory: memory)
    b?.measured(wall: wall, processor: processor, memory: memory)
  }
}
