// The figures of a day by stretches of equal length, for plots.

/// What happened in one stretch of the day.
struct DayStretch: Sendable {
  /// Calls that came in it, but for those that are unanswerable.
  var calls = 0.0
  var answered = 0.0
  var abandoned = 0.0
  /// Seconds that the answered ones waited.
  var waitSeconds = 0.0
  var inTarget = 0.0
  var targetBase = 0.0
  /// Over time.
  var waitingSeconds = 0.0
  var busySeconds = 0.0
  var staffSeconds = 0.0
  var seconds = 0.0
}

/// A day in stretches.
struct DayCourse: Sendable {
  /// When the first one begins, in nanoseconds.
  let begin: UInt64
  /// How long each is.
  let width: UInt64
  private(set) var stretches: [DayStretch]

  /// Cuts the time between two instants into quarters of an hour, or longer stretches.
  init(from begin: UInt64, to end: UInt64) {
    let quarter: UInt64 = 900_000_000_000
    let widths: [UInt64] = [quarter / 15, quarter / 3, quarter, 4 * quarter, 24 * quarter]
    let length = max(end, begin + 1) - begin
    let width = widths.first { length / $0 < Self.stretchesMax } ?? length / Self.stretchesMax + 1
    self.width = width
    self.begin = begin / width * width
    let count = Int((max(end, begin) - self.begin) / width) + 1
    stretches = [DayStretch](repeating: DayStretch(), count: count)
  }

  private func index(_ at: UInt64) -> Int {
    min(stretches.count - 1, Int((max(at, begin) - begin) / width))
  }

  /// Takes in a time in which nothing changed.
  mutating func add(
    from start: UInt64,
    to end: UInt64,
    waiting: Int,
    busy: Int,
    staff: Int,
    countsTime: Bool = true
  ) {
    var at = start
    while at < end {
      let index = index(at)
      let border = index + 1 < stretches.count ? begin + UInt64(index + 1) * width : end
      let next = min(end, max(border, at + 1))
      let seconds = Double(next - at) / 1e9
      if countsTime { stretches[index].seconds += seconds }
      stretches[index].waitingSeconds += seconds * Double(waiting)
      stretches[index].busySeconds += seconds * Double(busy)
      stretches[index].staffSeconds += seconds * Double(staff)
      at = next
    }
  }

  /// Takes in a call that is over, in the stretch in which it came.
  mutating func add(_ call: SimulatedCall, _ end: SimulatedEnd, _ wait: UInt64, isInTime: Bool) {
    let index = index(call.offered)
    stretches[index].calls += 1
    switch end {
    case .answered:
      stretches[index].answered += 1
      stretches[index].waitSeconds += Double(wait) / 1e9
      stretches[index].targetBase += 1
      if isInTime { stretches[index].inTarget += 1 }
    case .abandoned:
      stretches[index].abandoned += 1
      if !isInTime { stretches[index].targetBase += 1 }
    case .rejected, .gone, .unanswerable: break
    }
  }

  private static let stretchesMax: UInt64 = 64
}
