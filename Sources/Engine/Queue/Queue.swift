// A queue: a wall with one way out (seed 000; DOMAIN, decision 2).
//
// States of a call at a queue: in the line; on its way to an agent (out of the line, ticket kept);
// gone. Invariant: whenever an agent who serves the queue is available, no call that he may take is
// in the line; so a newcomer may go straight to an available agent without overtaking anybody.
// A virtual queue has a line but nobody serves it: it shows a wait at a routing point (DOMAIN 2.9).

/// A queue of the plan with the calls that wait in it.
struct Queue: Sendable {
  let plan: QueuePlan
  let isVirtual: Bool
  /// The bit of those who serve it.
  let bit: Int32
  var line = WaitingLine()
  /// The entry that stands in the index of all waiting calls: the front of the line, if any.
  var head: EntrySlot = -1
  /// The durations of the last conversations and their after-call work, for expected waits.
  var handlingTime = HandlingTime()
}

/// A moving average of handling times, each new one with a weight of 1/32 (DOMAIN 4.3 uses the
/// last 32 calls).
struct HandlingTime: Sendable, Codable {
  private var average: UInt64 = 0
  private var count: UInt64 = 0

  /// What is assumed as long as no call has ended (DOMAIN 4.3: 90 s).
  static let assumed: UInt64 = 90_000_000_000

  /// Nanoseconds.
  var mean: UInt64 { count == 0 ? Self.assumed : average }

  mutating func add(_ duration: Duration) {
    let new = UInt64(max(0, duration.nanosecondsClamped))
    count = min(32, count + 1)
    average = (average * (count - 1) + new) / count
  }
}

extension Queue {
  /// What changes of it.
  struct State: Sendable, Codable {
    var line: WaitingLine
    var head: EntrySlot
    var handlingTime: HandlingTime
  }

  var state: State {
    get { State(line: line, head: head, handlingTime: handlingTime) }
    set {
      line = newValue.line
      head = newValue.head
      handlingTime = newValue.handlingTime
    }
  }
}
