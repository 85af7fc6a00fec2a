// The deadlines of the engine.
//
// States: a timer is armed (has a slot and a place in the heap) or free.
// Invariants: the heap is ordered by (deadline, sequence), so that timers due at the same instant
// expire in the order in which they were armed; every armed slot knows its place in the heap; every
// timer has an owner that holds its id and disarms it when it no longer needs it.
// Who may change it: `RoutingEngine` only.

/// What a timer is for; closed, so that every expiry is handled.
enum TimerKind: Sendable, Hashable, Codable {
  /// The routing point's patience with its strategy is over.
  case routingPoint(CallSlot)
  /// A selection or `call:wait` has lasted long enough.
  case strategyWait(CallSlot)
  /// The target of a diversion has rung (or been silent) long enough.
  case ringNoAnswer(CallSlot)
  /// A selected agent was not routed to in time.
  case reservation(AgentSlot)
  /// After-call work is over.
  case afterCallWork(AgentSlot)
  /// An agent has been left alone long enough after a redirect or a refusal.
  case blackout(AgentSlot)
  /// A generation of strategies that is not current has had time enough to end.
  case generationDrain(Int32)

  /// Its name, for people who read scenarios.
  var word: String {
    switch self {
    case .routingPoint: "routingPoint"
    case .strategyWait: "strategyWait"
    case .ringNoAnswer: "ringNoAnswer"
    case .reservation: "reservation"
    case .afterCallWork: "afterCallWork"
    case .blackout: "blackout"
    case .generationDrain: "generationDrain"
    }
  }
}

extension TimerKind {
  /// Kind and owner as a number.
  fileprivate var code: Int64 {
    switch self {
    case .routingPoint(let call): Int64(call.index) << 3
    case .strategyWait(let call): Int64(call.index) << 3 | 1
    case .ringNoAnswer(let call): Int64(call.index) << 3 | 2
    case .reservation(let agent): Int64(agent.index) << 3 | 3
    case .afterCallWork(let agent): Int64(agent.index) << 3 | 4
    case .blackout(let agent): Int64(agent.index) << 3 | 5
    case .generationDrain(let generation): Int64(generation) << 3 | 6
    }
  }
}

/// Names an armed timer.
struct TimerID: Sendable, Hashable, Codable {
  fileprivate let slot: Int32
  fileprivate let generation: UInt32
}

/// A binary heap of deadlines with cancellation in O(log n).
struct TimerTable: Sendable, Codable {
  private struct Entry: Sendable, Codable {
    var deadline: Instant
    var sequence: UInt64
    var slot: Int32
  }

  private struct Slot: Sendable, Codable {
    var kind: TimerKind
    var place: Int32
    var generation: UInt32
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var free: [Int32] = []
  private var sequence: UInt64 = 0

  init() {}

  var count: Int { heap.count }

  var nextDeadline: Instant? { heap.first?.deadline }

  var nextKind: TimerKind? { heap.first.map { slots[Int($0.slot)].kind } }

  /// Timers that are due at the same instant expire in the order in which they were armed; this
  /// order in numbers, for the simulator.
  func describeTies(_ numbers: inout [Int64]) {
    guard heap.count > 1 else { return }
    let sorted = heap.sorted { Self.before($0, $1) }
    for (entry, next) in zip(sorted, sorted.dropFirst()) where entry.deadline == next.deadline {
      numbers += [slots[Int(entry.slot)].kind.code, slots[Int(next.slot)].kind.code]
    }
  }

  mutating func arm(_ kind: TimerKind, at deadline: Instant) -> TimerID {
    let slot: Int32
    if let reused = free.popLast() {
      slot = reused
      slots[Int(slot)].kind = kind
    } else {
      slot = Int32(slots.count)
      slots.append(Slot(kind: kind, place: 0, generation: 0))
    }
    sequence += 1
    heap.append(Entry(deadline: deadline, sequence: sequence, slot: slot))
    rise(from: heap.count - 1)
    return TimerID(slot: slot, generation: slots[Int(slot)].generation)
  }

  /// When an armed timer expires; nil: it has expired or was disarmed.
  func deadline(of id: TimerID) -> Instant? {
    guard slots[Int(id.slot)].generation == id.generation else { return nil }
    return heap[Int(slots[Int(id.slot)].place)].deadline
  }

  /// Disarms a timer; one that has expired already is left alone.
  mutating func disarm(_ id: TimerID?) {
    guard let id, slots[Int(id.slot)].generation == id.generation else { return }
    remove(at: Int(slots[Int(id.slot)].place))
  }

  /// Takes the first timer that is due, if one is.
  mutating func popDue(at now: Instant) -> TimerKind? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let kind = slots[Int(first.slot)].kind
    remove(at: 0)
    return kind
  }

  private mutating func remove(at place: Int) {
    let slot = heap[place].slot
    slots[Int(slot)].generation &+= 1
    free.append(slot)
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    rise(from: place)
    sink(from: place)
  }

  private static func before(_ left: Entry, _ right: Entry) -> Bool {
    left.deadline != right.deadline
      ? left.deadline < right.deadline : left.sequence < right.sequence
  }

  private mutating func rise(from start: Int) {
    var place = start
    let entry = heap[place]
    while place > 0 {
      let parent = (place - 1) / 2
      guard Self.before(entry, heap[parent]) else { break }
      heap[place] = heap[parent]
      slots[Int(heap[place].slot)].place = Int32(place)
      place = parent
    }
    heap[place] = entry
    slots[Int(entry.slot)].place = Int32(place)
  }

  private mutating func sink(from start: Int) {
    var place = start
    let entry = heap[place]
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, Self.before(heap[child + 1], heap[child]) { child += 1 }
      guard Self.before(heap[child], entry) else { break }
      heap[place] = heap[child]
      slots[Int(heap[place].slot)].place = Int32(place)
      place = child
    }
    heap[place] = entry
    slots[Int(entry.slot)].place = Int32(place)
  }
}
