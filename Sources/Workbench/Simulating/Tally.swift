/// Sums over some stretch of a simulation: a batch of calls, a run, or everything.
///
/// Whatever is reported is one of these sums or a quotient of two, so stretches can be added.
struct Tally: Sendable {
  /// What is summed up.
  enum Sum: Int, CaseIterable {
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
    /// Seconds of this stretch.
    case seconds
    /// Waiting callers, over time.
    case waitingSeconds
    /// Busy agents, over time.
    case busySeconds
    /// Agents who are logged in, over time.
    case staffSeconds
  }

  /// What is summed up per type of callers.
  enum TypeSum: Int, CaseIterable {
    case calls
    case answered
    case abandoned
    case rejected
    case waited
    case waitSeconds
    case allSeconds
    case inTarget
  }

  private(set) var sums: [Double]

  init(types: Int) {
    sums = [Double](repeating: 0, count: Sum.allCases.count + types * TypeSum.allCases.count)
  }

  static func index(_ sum: TypeSum, _ type: Int) -> Int {
    Sum.allCases.count + type * TypeSum.allCases.count + sum.rawValue
  }

  subscript(sum: Sum) -> Double { sums[sum.rawValue] }

  subscript(sum: TypeSum, type: Int) -> Double { sums[Self.index(sum, type)] }

  mutating func add(_ amount: Double, to sum: Sum) { sums[sum.rawValue] += amount }

  /// Takes in how a call ended.
  mutating func count(
    _ call: SimulatedCall,
    _ end: SimulatedEnd,
    seconds: Double,
    isInTime: Bool
  ) {
    let first = Sum.allCases.count + Int(call.type) * TypeSum.allCases.count
    var sums = self.sums.mutableSpan
    func add(_ amount: Double, _ sum: Sum, _ sums: inout MutableSpan<Double>) {
      sums[sum.rawValue] += amount
    }
    func add(_ amount: Double, _ sum: TypeSum, _ sums: inout MutableSpan<Double>) {
      sums[first + sum.rawValue] += amount
    }
    add(1, Sum.calls, &sums)
    add(1, TypeSum.calls, &sums)
    switch end {
    case .answered:
      add(1, Sum.answered, &sums)
      add(1, TypeSum.answered, &sums)
      add(seconds, Sum.waitSeconds, &sums)
      add(seconds, TypeSum.waitSeconds, &sums)
      add(1, Sum.targetBase, &sums)
      if isInTime {
        add(1, Sum.inTarget, &sums)
        add(1, TypeSum.inTarget, &sums)
      }
    case .abandoned:
      add(1, Sum.abandoned, &sums)
      add(1, TypeSum.abandoned, &sums)
      if !isInTime { add(1, Sum.targetBase, &sums) }
    case .rejected:
      add(1, Sum.rejected, &sums)
      add(1, TypeSum.rejected, &sums)
    case .gone: add(1, Sum.gone, &sums)
    case .unanswerable:
      add(1, Sum.unanswerable, &sums)
      return
    }
    if end != .rejected {
      add(1, Sum.entered, &sums)
      add(seconds, Sum.allSeconds, &sums)
      add(seconds, TypeSum.allSeconds, &sums)
    }
    if call.hasWaited {
      add(1, Sum.waited, &sums)
      add(1, TypeSum.waited, &sums)
      if end != .rejected { add(1, Sum.waitedEntered, &sums) }
    }
    if call.target >= 0 { add(1, Sum.diverted, &sums) }
    if call.isDefaulted { add(1, Sum.defaulted, &sums) }
  }

  /// Takes in some seconds in which so many waited, were busy and worked.
  mutating func add(_ seconds: Double, waiting: Int, busy: Int, staff: Int) {
    var sums = self.sums.mutableSpan
    sums[Sum.seconds.rawValue] += seconds
    sums[Sum.waitingSeconds.rawValue] += seconds * Double(waiting)
    sums[Sum.busySeconds.rawValue] += seconds * Double(busy)
    sums[Sum.staffSeconds.rawValue] += seconds * Double(staff)
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
  private var size = 256.0

  static let countMax = 64

  init(types: Int) { start = Tally(types: types) }

  /// Ends a batch if it is full by now.
  mutating func advance(to total: borrowing Tally) {
    guard total[.calls] - start[.calls] >= size else { return }
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
