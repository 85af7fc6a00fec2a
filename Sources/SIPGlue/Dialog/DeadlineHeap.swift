// Deadlines of any length, for numbered slots: a binary heap with one entry a slot at most.
//
// Invariants: `places[slot]` is the slot's index in `entries`, or -1; the heap orders by (deadline,
// slot), so that expiries come in the same order in every run. Its owner disarms a slot before it
// is given back. No sequence of armings can make the heap grow beyond the number of slots.

internal import Engine

/// The armed slots, earliest first.
struct DeadlineHeap: Sendable {
  private struct Entry: Sendable {
    var deadline: Instant
    var slot: Int

    func precedes(_ other: Entry) -> Bool {
      (deadline, slot) < (other.deadline, other.slot)
    }
  }

  private var entries: [Entry] = []
  private var places: [Int]

  /// Makes room for slots 0 to `slotCount - 1`; more is made when it is needed.
  init(slotCount: Int = 0) {
    places = Array(repeating: -1, count: slotCount)
    entries.reserveCapacity(slotCount)
  }

  /// The earliest armed instant.
  var nextDeadline: Instant? { entries.first?.deadline }

  /// Arms a slot anew, earlier or later than before.
  mutating func arm(_ slot: Int, at deadline: Instant) {
    disarm(slot)
    arm(slot, noLaterThan: deadline)
  }

  /// Makes sure that the slot comes up at `deadline` or earlier.
  ///
  /// A deadline that moves away, as that of a registration that is refreshed, costs nothing: the
  /// owner arms the slot again when it comes up too early.
  ///
  /// **Complexity**: O(1) for a slot that is armed early enough, otherwise O(log n).
  mutating func arm(_ slot: Int, noLaterThan deadline: Instant) {
    while places.count <= slot { places.append(-1) }
    var index = places[slot]
    if index < 0 {
      index = entries.count
      entries.append(Entry(deadline: deadline, slot: slot))
      places[slot] = index
    } else {
      guard deadline < entries[index].deadline else { return }
      entries[index].deadline = deadline
    }
    rise(from: index)
  }

  /// Takes a slot out, if it is in.
  mutating func disarm(_ slot: Int) {
    guard slot < places.count, places[slot] >= 0 else { return }
    let index = places[slot]
    places[slot] = -1
    let last = entries.removeLast()
    guard index < entries.count else { return }
    entries[index] = last
    places[last.slot] = index
    rise(from: index)
    sink(from: places[last.slot])
  }

  /// Takes the earliest slot whose instant has come, with that instant.
  mutating func popDue(at now: Instant) -> (slot: Int, deadline: Instant)? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    disarm(first.slot)
    return (first.slot, first.deadline)
  }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard entries[index].precedes(entries[parent]) else { return }
      exchange(index, parent)
      index = parent
    }
  }

  private mutating func sink(from start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < entries.count && entries[child].precedes(entries[least]) {
        least = child
      }
      guard least != index else { return }
      exchange(index, least)
      index = least
    }
  }

  private mutating func exchange(_ one: Int, _ other: Int) {
    entries.swapAt(one, other)
    places[entries[one].slot] = one
    places[entries[other].slot] = other
  }
}
