/// Sums over some stretch of a simulation: a batch of calls, a run, or everything.
///
/// Whatever is reported is one of these sums or a quotient of two, so stretches can be added.
struct Tally: Sendable {
  /// What is summed up: the first four over time, the others per type of callers.
  enum Sum: Int, CaseIterable {
    /// Seconds of this stretch.
    case seconds
    /// Waiting callers, over time.
    case waitingSeconds
    /// Busy agents, over time.
    case busySeconds
    /// Agents who are logged in, over time.
    case staffSeconds
    /// Calls that are over or with somebody: those that the others here are parts of.
    case calls
    case answered
    case abandoned
    /// Turned away by the engine, by a strategy or because too many wait.
    case rejected
    /// Sent out of sight, or ended by the engine.
    case gone
    /// Sent to somebody at least once.
    case diverted
    /// Took the default route.
    case defaulted
    /// Left out of everything else: a recording does not say what was asked.
    case unanswerable
    /// Did not find a free agent at once, those turned away included.
    case waited
    /// The same without those turned away.
    case waitedEntered
    /// Calls that were not turned away.
    case entered
    /// Seconds that answered calls waited.
    case waitSeconds
    /// Seconds that all calls waited that were not turned away.
    case allSeconds
    /// Answered within the threshold.
    case inTarget
    /// Answered at all, or abandoned after the threshold.
    case targetBase

    /// How many of them are over time.
    static let overTime = 4
    /// How many of them there are per type.
    static let perType = allCases.count - overTime
  }

  private(set) var sums: [Double]

  init(types: Int) { sums = [Double](repeating: 0, count: Sum.overTime + types * Sum.perType) }

  /// A sum, of all types if it is per type.
  subscript(sum: Sum) -> Double {
    guard sum.rawValue >= Sum.overTime else { return sums[sum.rawValue] }
    return stride(from: sum.rawValue, to: sums.count, by: Sum.perType).reduce(0) { $0 + sums[$1] }
  }

  /// A sum of one type.
  subscript(sum: Sum, type: Int) -> Double { sums[sum.rawValue + type * Sum.perType] }

  /// Adds to a sum over time.
  mutating func add(_ amount: Double, to sum: Sum) {
    precondition(sum.rawValue < Sum.overTime, "a sum of calls")
    sums[sum.rawValue] += amount
  }

  /// Takes in how a call ended.
  mutating func count(
    _ call: SimulatedCall,
    _ end: SimulatedEnd,
    seconds: Double,
    isInTime: Bool
  ) {
    let row = Int(call.type) * Sum.perType
    var sums = self.sums.mutableSpan
    func add(_ amount: Double, _ sum: Sum, _ sums: inout MutableSpan<Double>) {
      sums[row + sum.rawValue] += amount
    }
    add(1, .calls, &sums)
    switch end {
    case .answered:
      add(1, .answered, &sums)
      add(seconds, .waitSeconds, &sums)
      add(1, .targetBase, &sums)
      if isInTime { add(1, .inTarget, &sums) }
    case .abandoned:
      add(1, .abandoned, &sums)
      if !isInTime { add(1, .targetBase, &sums) }
    case .rejected: add(1, .rejected, &sums)
    case .gone: add(1, .gone, &sums)
    case .unanswerable:
      add(1, .unanswerable, &sums)
      return
    }
    if end != .rejected {
      add(1, .entered, &sums)
      add(seconds, .allSeconds, &sums)
    }
    if call.hasWaited {
      add(1, .waited, &sums)
      if end != .rejected { add(1, .waitedEntered, &sums) }
    }
    if call.target >= 0 { add(1, .diverted, &sums) }
    if call.isDefaulted { add(1, .defaulted, &sums) }
  }

  mutating func add(_ other: Tally) {
    for index in sums.indices { sums[index] += other.sums[index] }
  }

  mutating func divide(by count: Double) {
    for index in sums.indices { sums[index] /= count }
  }

  /// What was added since an earlier state of the same tally.
  func since(_ earlier: Tally) -> Tally {
    var difference = self
    for index in sums.indices { difference.sums[index] -= earlier.sums[index] }
    return difference
  }
}

/// Cuts a run into batches of equally many calls.
///
/// There are never more than 64 batches: when that many are full, neighbours are joined and later
/// batches are twice as long.
struct Batches: Sendable {
  private(set) var full: [Tally] = []
  private var start: Tally
  private var size = 256
  private var count = 0

  static let countMax = 64

  init(types: Int) { start = Tally(types: types) }

  /// Takes in one call more; whether the batch is full by it.
  mutating func isFull() -> Bool {
    count += 1
    return count >= size
  }

  /// Ends a batch.
  mutating func end(at total: borrowing Tally) {
    count = 0
    full.append(total.since(start))
    start = copy total
    guard full.count == Self.countMax else { return }
    full = stride(from: 0, to: full.count, by: 2).map { index in
      var joined = full[index]
      joined.add(full[index + 1])
      return joined
    }
    size *= 2
  }
}
