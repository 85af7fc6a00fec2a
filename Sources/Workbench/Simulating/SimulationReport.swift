internal import Engine

/// What a simulation found.
public struct SimulationReport: Sendable {
  /// How the samples behind the intervals were made.
  public enum Method: Sendable, Hashable {
    /// One run, cut into batches.
    case batches
    /// Runs with seeds of their own.
    case runs
  }

  /// A place where calls went, or a queue where they waited.
  struct Place: Sendable {
    var name: String
    var diverted: UInt64 = 0
    var entered: UInt64 = 0
    var answered: UInt64 = 0
    var abandoned: UInt64 = 0
    var waitSeconds = 0.0

    /// Takes in how a call ended that was sent here.
    mutating func count(_ end: SimulatedEnd) {
      diverted += 1
      if end == .answered { answered += 1 }
    }

    /// Takes in how a call ended that waited here.
    mutating func count(_ end: SimulatedEnd, waited seconds: Double) {
      entered += 1
      switch end {
      case .answered:
        answered += 1
        waitSeconds += seconds
      case .abandoned: abandoned += 1
      case .rejected, .gone, .unanswerable: break
      }
    }

    mutating func divide(by count: Double) {
      diverted = UInt64((Double(diverted) / count).rounded())
      entered = UInt64((Double(entered) / count).rounded())
      answered = UInt64((Double(answered) / count).rounded())
      abandoned = UInt64((Double(abandoned) / count).rounded())
      waitSeconds /= count
    }
  }

  /// What an agent did.
  struct Agent: Sendable {
    var id: String
    var calls: UInt64 = 0
    var busySeconds = 0.0
    var staffSeconds = 0.0
  }

  /// The names of the callers' types.
  public internal(set) var types: [String] = []
  /// How the samples were made.
  public internal(set) var method = Method.batches
  /// How many runs there were.
  public internal(set) var runs = 1
  /// Whether somebody stopped it before its end.
  public internal(set) var wasStopped = false
  /// The threshold of the service level in seconds.
  public internal(set) var threshold = 20.0
  /// The time that the run took by itself.
  public var wallSeconds = 0.0
  /// The processor time that it took.
  public var cpuSeconds = 0.0
  /// The most memory that the process held, in bytes; 0: not measured.
  public var memoryBytes: Int64 = 0

  var total: Tally
  var samples: [Tally]
  var histogram = WaitHistogram()
  var targets: [Place] = []
  var queues: [Place] = []
  var agents: [Agent] = []

  init(types: [String]) {
    self.types = types
    total = Tally(types: types.count)
    samples = []
  }

  /// How many calls were counted.
  public var calls: Int { count(.calls) }
  /// How many were answered.
  public var answered: Int { count(.answered) }
  /// How many callers gave up.
  public var abandoned: Int { count(.abandoned) }
  /// How many calls were turned away.
  public var rejected: Int { count(.rejected) }
  /// How many took the default route.
  public var defaulted: Int { count(.defaulted) }

  /// Takes in another run; every run becomes a sample.
  public mutating func add(_ other: SimulationReport) {
    if method == .batches {
      samples = [total]
      method = .runs
    }
    samples.append(other.total)
    total.add(other.total)
    histogram.add(other.histogram)
    runs += other.runs
    wasStopped = wasStopped || other.wasStopped
    wallSeconds += other.wallSeconds
    cpuSeconds += other.cpuSeconds
    Self.add(other.targets, to: &targets)
    Self.add(other.queues, to: &queues)
    for (index, agent) in other.agents.enumerated() where index < agents.count {
      agents[index].calls += agent.calls
      agents[index].busySeconds += agent.busySeconds
      agents[index].staffSeconds += agent.staffSeconds
    }
  }

  /// Turns the sums of several runs of the same day into those of one.
  mutating func average() {
    let count = Double(max(1, runs))
    guard count > 1 else { return }
    total.divide(by: count)
    for index in agents.indices {
      agents[index].calls = UInt64((Double(agents[index].calls) / count).rounded())
      agents[index].busySeconds /= count
      agents[index].staffSeconds /= count
    }
    for index in targets.indices { targets[index].divide(by: count) }
    for index in queues.indices { queues[index].divide(by: count) }
    samples = []
  }

  private static func add(_ others: [Place], to places: inout [Place]) {
    var indices: [String: Int] = [:]
    for (index, place) in places.enumerated() { indices[place.name] = index }
    for other in others {
      guard let index = indices[other.name] else {
        indices[other.name] = places.count
        places.append(other)
        continue
      }
      places[index].diverted += other.diverted
      places[index].entered += other.entered
      places[index].answered += other.answered
      places[index].abandoned += other.abandoned
      places[index].waitSeconds += other.waitSeconds
    }
  }
}

// MARK: - Figures with intervals

extension SimulationReport {
  /// A figure that is the quotient of two sums.
  public enum Figure: String, CaseIterable, Sendable {
    /// The mean wait of answered calls, in seconds.
    case waitMean = "wait_mean"
    /// The mean time that callers waited who were not turned away, in seconds.
    case waitAllMean = "wait_all_mean"
    /// The share of calls that did not find a free agent at once.
    case waitedShare = "waited_share"
    /// The same among those that were not turned away.
    case waitedEnteredShare = "waited_entered_share"
    /// The share of calls whose callers gave up.
    case abandonedShare = "abandoned_share"
    /// The share of calls that were turned away.
    case rejectedShare = "rejected_share"
    /// Answered in time, of those answered or abandoned too late to leave out.
    case serviceLevel = "service_level_share"
    /// Answered in time, of all calls, those turned away included.
    case inTargetShare = "in_target_share"
    /// Busy time over logged-in time.
    case occupancy = "occupancy"
    /// How many callers wait on average.
    case queueLengthMean = "queue_length_mean"

    var sums: (dividend: Tally.Sum, divisor: Tally.Sum) {
      switch self {
      case .waitMean: (.waitSeconds, .answered)
      case .waitAllMean: (.allSeconds, .entered)
      case .waitedShare: (.waited, .calls)
      case .waitedEnteredShare: (.waitedEntered, .entered)
      case .abandonedShare: (.abandoned, .calls)
      case .rejectedShare: (.rejected, .calls)
      case .serviceLevel: (.inTarget, .targetBase)
      case .inTargetShare: (.inTarget, .calls)
      case .occupancy: (.busySeconds, .staffSeconds)
      case .queueLengthMean: (.waitingSeconds, .seconds)
      }
    }
  }

  /// A figure; 0 when nothing is divided by.
  public func value(_ figure: Figure) -> Double {
    let (dividend, divisor) = figure.sums
    return quotient(total[dividend], total[divisor])
  }

  /// A figure with its interval, if there are samples enough.
  public func interval(_ figure: Figure) -> Interval? {
    let (dividend, divisor) = figure.sums
    var interval = Interval(samples.map { ($0[dividend], $0[divisor]) })
    // What came after the last full batch belongs to the estimate too.
    interval?.estimate = value(figure)
    return interval
  }

  /// How many samples the intervals are made of.
  public var sampleCount: Int { samples.count }

  /// The wait that a share of the answered calls does not exceed, in seconds.
  public func waitQuantile(_ share: Double) -> Double { histogram.quantile(share) }

  /// The longest wait of an answered call, in seconds.
  public var waitMax: Double { Double(histogram.longest) / 1e9 }

  /// How many of the calls; one of the words of `count`.
  func count(_ sum: Tally.Sum) -> Int { Int(total[sum].rounded()) }

  func quotient(_ dividend: Double, _ divisor: Double) -> Double {
    divisor > 0 ? dividend / divisor : 0
  }
}
