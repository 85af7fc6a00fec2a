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

/// A heap of deadlines with four branches to a node, with cancellation in O(log n).
struct TimerTable: Sendable, Codable {
  private struct Entry: Sendable, Codable {
    var deadline: Instant
    var sequence: UInt64
    var slot: Int32

    var isArmed: Bool { slot >= 0 }

    /// Nothing, which is never due.
    static var none: Entry { Entry(deadline: .distantFuture, sequence: .max, slot: -1) }
  }

  private struct Slot: Sendable, Codable {
    var kind: TimerKind
    var place: Int32
    var generation: UInt32
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  /// The timers that were armed last, while they are not in the heap: most are disarmed before two
  /// others are armed.
  private var newest = Entry.none
  private var second = Entry.none
  /// The first free slot; each names the next one as its place.
  private var firstFree: Int32 = -1
  private var sequence: UInt64 = 0

  init() {}

  var count: Int { heap.count + (newest.isArmed ? 1 : 0) + (second.isArmed ? 1 : 0) }

  var nextDeadline: Instant? {
    let inHand = min(newest.deadline, second.deadline)
    let next = heap.isEmpty ? inHand : min(inHand, heap[0].deadline)
    return next == Entry.none.deadline ? nil : next
  }

  var nextKind: TimerKind? { count == 0 ? nil : slots[Int(first.slot)].kind }

  private var first: Entry {
    let inHand = Self.before(second, newest) ? second : newest
    guard let first = heap.first, Self.before(first, inHand) else { return inHand }
    return first
  }

  /// Timers that are due at the same instant expire in the order in which they were armed; this
  /// order in numbers, for the simulator.
  func describeTies(_ numbers: inout [Int64]) {
    guard count > 1 else { return }
    var sorted = heap
    if newest.isArmed { sorted.append(newest) }
    if second.isArmed { sorted.append(second) }
    sorted.sort { Self.before($0, $1) }
    for (entry, next) in zip(sorted, sorted.dropFirst()) where entry.deadline == next.deadline {
      numbers += [slots[Int(entry.slot)].kind.code, slots[Int(next.slot)].kind.code]
    }
  }

  mutating func arm(_ kind: TimerKind, at deadline: Instant) -> TimerID {
    if newest.isArmed {
      if second.isArmed { enterHeap(second) }
      second = newest
    }
    let slot: Int32
    var generation: UInt32 = 0
    if firstFree >= 0 {
      slot = firstFree
      firstFree = slots[Int(slot)].place
      generation = slots[Int(slot)].generation
      slots[Int(slot)] = Slot(kind: kind, place: Self.inHand, generation: generation)
    } else {
      slot = Int32(slots.count)
      slots.append(Slot(kind: kind, place: Self.inHand, generation: 0))
    }
    sequence += 1
    newest = Entry(deadline: deadline, sequence: sequence, slot: slot)
    return TimerID(slot: slot, generation: generation)
  }

  /// The place of the timers that are not in the heap.
  private static var inHand: Int32 { -2 }

  private mutating func enterHeap(_ entry: Entry) {
    let place = heap.count
    heap.append(entry)
    if place > 0, Self.before(entry, heap[(place - 1) / 4]) {
      Self.rise(entry, from: place, &heap, &slots)
    } else {
      slots[Int(entry.slot)].place = Int32(place)
    }
  }

  /// When an armed timer expires; nil: it has expired or was disarmed.
  func deadline(of id: TimerID) -> Instant? {
    guard slots[Int(id.slot)].generation == id.generation else { return nil }
    let place = slots[Int(id.slot)].place
    guard place < 0 else { return heap[Int(place)].deadline }
    return newest.slot == id.slot ? newest.deadline : second.deadline
  }

  /// Disarms a timer; one that has expired already is left alone.
  mutating func disarm(_ id: TimerID?) {
    guard let id, slots[Int(id.slot)].generation == id.generation else { return }
    remove(id.slot)
  }

  /// Takes the first timer that is due, if one is.
  mutating func popDue(at now: Instant) -> TimerKind? {
    let first = first
    guard first.isArmed, first.deadline <= now else { return nil }
    let kind = slots[Int(first.slot)].kind
    remove(first.slot)
    return kind
  }

  private mutating func remove(_ slot: Int32) {
    var record = slots[Int(slot)]
    let place = Int(record.place)
    record.generation &+= 1
    record.place = firstFree
    slots[Int(slot)] = record
    firstFree = slot
    guard place >= 0 else {
      if newest.slot == slot { newest = .none } else { second = .none }
      return
    }
    let last = heap.removeLast()
    guard place < heap.count else { return }
    if place > 0, Self.before(last, heap[(place - 1) / 4]) {
      Self.rise(last, from: place, &heap, &slots)
    } else {
      Self.sink(last, from: place, &heap, &slots)
    }
  }

  private static func before(_ left: Entry, _ right: Entry) -> Bool {
    left.deadline != right.deadline
      ? left.deadline < right.deadline : left.sequence < right.sequence
  }

  /// Puts an entry where it belongs, at this place or above it.
  private static func rise(
    _ entry: Entry,
    from start: Int,
    _ heap: inout [Entry],
    _ slots: inout [Slot]
  ) {
    var heap = heap.mutableSpan
    var slots = slots.mutableSpan
    var place = start
    while place > 0 {
      let parent = (place - 1) / 4
      let above = heap[parent]
      guard before(entry, above) else { break }
      heap[place] = above
      slots[Int(above.slot)].place = Int32(place)
      place = parent
    }
    heap[place] = entry
    slots[Int(entry.slot)].place = Int32(place)
  }

  /// Puts an entry where it belongs, at this place or below it.
  private static func sink(
    _ entry: Entry,
    from start: Int,
    _ heap: inout [Entry],
    _ slots: inout [Slot]
  ) {
    var heap = heap.mutableSpan
    var slots = slots.mutableSpan
    var place = start
    while true {
      var child = 4 * place + 1
      guard child < heap.count else { break }
      var least = heap[child]
      let end = min(child + 4, heap.count)
      var next = child + 1
      while next < end {
        if before(heap[next], least) {
          least = heap[next]
          child = next
        }
        next += 1
      }
      guard before(least, entry) else { break }
      heap[place] = least
      slots[Int(least.slot)].place = Int32(place)
      place = child
    }
    heap[place] = entry
    slots[Int(entry.slot)].place = Int32(place)
  }
}
