// The timers of the transactions: one first-in-first-out ring per interval, no heap.
//
// All timers with one interval expire in the order in which they were armed, so arming is an append
// and expiring a look at the head. Disarming touches nothing: every arming has a stamp, the
// transaction remembers its latest one, and an entry whose stamp is no longer the transaction's is
// passed over. Stamps wrap after 2^32 armings, long after every older entry has expired.

package import Engine

/// The intervals that RFC 3261 17 knows.
package enum TimerInterval: Equatable, Sendable {
  /// T1 doubled so many times: 0 to 6.
  case doubled(UInt8)
  /// What remains of 64 T1 once the first T1 has passed.
  case rest
  case t2
  case t4
  case d
  /// No time at all: D, I, J and K of reliable transports (RFC 3261 table 4).
  case atOnce

  fileprivate var ring: Int {
    switch self {
    case .doubled(let times): Int(min(times, 6))
    case .rest: 7
    case .t2: 8
    case .t4: 9
    case .d: 10
    case .atOnce: 11
    }
  }
}

/// One timer that was armed.
package struct ArmedTimer: Sendable {
  package var deadline: UInt64
  package var slot: UInt32
  package var stamp: UInt32
}

/// All armed timers of a table.
package struct DeadlineLists: ~Copyable {
  private var rings: [TimerRing]
  /// The earliest deadline of each ring; `none`: it is empty.
  private var heads: [UInt64]
  private static var none: UInt64 { .max }
  private let intervals: [UInt64]
  private var lastStamp: UInt32 = 0

  package init(timers: TransactionTimers) {
    var intervals = (0..<7).map { timers.t1 << UInt64($0) }
    intervals += [63 * timers.t1, timers.t2, timers.t4, timers.d, 0]
    self.intervals = intervals
    rings = Array(repeating: TimerRing(), count: intervals.count)
    heads = Array(repeating: Self.none, count: intervals.count)
  }

  /// Arms a timer; its stamp is never 0.
  package mutating func arm(_ interval: TimerInterval, slot: UInt32, at now: Instant) -> UInt32 {
    lastStamp &+= 1
    if lastStamp == 0 { lastStamp = 1 }
    let ring = interval.ring
    let (sum, overflow) = now.nanoseconds.addingReportingOverflow(intervals[ring])
    let deadline = overflow ? Self.none - 1 : min(sum, Self.none - 1)
    rings[ring].append(ArmedTimer(deadline: deadline, slot: slot, stamp: lastStamp))
    if heads[ring] == Self.none { noteHead(of: ring) }
    return lastStamp
  }

  /// The earliest deadline, which may be that of a timer disarmed since.
  package var earliest: UInt64? {
    let found = heads[ringOfEarliest]
    return found == Self.none ? nil : found
  }

  /// Takes the earliest timer that is due, in order of deadlines.
  package mutating func popDue(at now: Instant) -> ArmedTimer? {
    let ring = ringOfEarliest
    guard heads[ring] <= now.nanoseconds, heads[ring] != Self.none else { return nil }
    return popFirst(of: ring)
  }

  private var ringOfEarliest: Int {
    var found = 0
    for ring in 1..<heads.count where heads[ring] < heads[found] { found = ring }
    return found
  }

  private mutating func popFirst(of ring: Int) -> ArmedTimer? {
    defer { noteHead(of: ring) }
    return rings[ring].popFirst()
  }

  private mutating func noteHead(of ring: Int) {
    heads[ring] = rings[ring].first?.deadline ?? Self.none
  }

  package var isEmpty: Bool { rings.allSatisfy { $0.isEmpty } }

  /// Of the timers with one interval the one that is due after so many others; nil: there is none.
  func timer(of interval: TimerInterval, after others: Int) -> ArmedTimer? {
    rings[interval.ring].timer(after: others)
  }

  /// Forgets the earliest timer with one interval, which was disarmed.
  mutating func dropFirst(of interval: TimerInterval) { _ = popFirst(of: interval.ring) }
}

/// A first-in-first-out ring whose deadlines never go back.
private struct TimerRing {
  private var storage: [ArmedTimer] = []
  private var head = 0
  private var count = 0

  var isEmpty: Bool { count == 0 }
  var first: ArmedTimer? { count == 0 ? nil : storage[head] }

  func timer(after others: Int) -> ArmedTimer? {
    others < count ? storage[(head + others) & (storage.count - 1)] : nil
  }

  mutating func append(_ timer: ArmedTimer) {
    if count == storage.count { grow() }
    let mask = storage.count - 1
    var timer = timer
    if count > 0 {
      // A clock that stands still or goes back must not break the order.
      timer.deadline = max(timer.deadline, storage[(head + count - 1) & mask].deadline)
    }
    storage[(head + count) & mask] = timer
    count += 1
  }

  mutating func popFirst() -> ArmedTimer? {
    guard count > 0 else { return nil }
    let timer = storage[head]
    head = (head + 1) & (storage.count - 1)
    count -= 1
    return timer
  }

  private mutating func grow() {
    var larger: [ArmedTimer] = []
    larger.reserveCapacity(max(64, storage.count * 2))
    for index in 0..<count { larger.append(storage[(head + index) & (storage.count - 1)]) }
    let blank = ArmedTimer(deadline: 0, slot: 0, stamp: 0)
    larger.append(contentsOf: repeatElement(blank, count: max(64, storage.count * 2) - count))
    storage = larger
    head = 0
  }
}
