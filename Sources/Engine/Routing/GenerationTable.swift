// Which generations of strategies have calls.
//
// States of a generation: current -> retired, while strategies still run in it -> gone.
// Invariants: exactly one is current; a retired one has runs, and a timer until its time is up; a
// call that runs a strategy names its generation (`Call.generation`) and is counted in it once.
// Who may change it: `RoutingEngine` only. Source: HOUSE 2.5 "Generations".

/// Counts the runs of each generation, so that one that is no longer current can be ended.
struct GenerationTable: Sendable, Codable {
  private struct Record: Sendable, Codable {
    var runCount: Int32 = 0
    var timer: TimerID?
  }

  private var records = [Record()]
  /// How many run in the current one; its record learns it when it retires.
  private var currentCount: Int32 = 0
  private var free: [Int32] = []
  /// The generation in which strategies start.
  private(set) var current: Int32 = 0

  /// A strategy starts in the current generation.
  mutating func enter() -> Int32 {
    currentCount += 1
    return current
  }

  /// A strategy has ended; hands back the timer of a generation that is gone with it.
  mutating func leave(_ generation: Int32) -> TimerID? {
    guard generation != current else {
      currentCount -= 1
      assert(currentCount >= 0, "a run ended twice")
      return nil
    }
    records[Int(generation)].runCount -= 1
    assert(records[Int(generation)].runCount >= 0, "a run ended twice")
    guard records[Int(generation)].runCount == 0 else { return nil }
    let timer = records[Int(generation)].timer
    records[Int(generation)] = Record()
    free.append(generation)
    return timer
  }

  /// Another generation is current from now on; names the one before if strategies run in it.
  mutating func replace() -> Int32? {
    guard currentCount > 0 else { return nil }
    let retired = current
    records[Int(retired)].runCount = currentCount
    currentCount = 0
    if let reused = free.popLast() {
      current = reused
    } else {
      current = Int32(records.count)
      records.append(Record())
    }
    return retired
  }

  /// The timer that ends a retired generation; nil: it is current, or its time is up.
  subscript(timerOf generation: Int32) -> TimerID? {
    get { records[Int(generation)].timer }
    set { records[Int(generation)].timer = newValue }
  }
}
