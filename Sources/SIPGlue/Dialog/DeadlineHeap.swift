// Deadlines of any length, for the slots of a slab: a binary heap with one entry a slot at most.
//
// Invariants: `places[slot]` is the slot's index in `entries`, or -1; the heap orders by (deadline,
// slot), so that expiries come in the same order in every run. Its owner disarms a slot before it
// is given back.

internal import Engine

/// The armed slots, earliest first.
struct DeadlineHeap: ~Copyable {
  private struct Entry {
    var deadline: Instant
    var slot: UInt32

    func precedes(_ other: Entry) -> Bool {
      (deadline, slot) < (other.deadline, other.slot)
    }
  }

  private var entries: [Entry] = []
  private var places: [Int32] = []

  init() {}

  /// The earliest armed instant.
  var nextDeadline: Instant? { entries.first?.deadline }

  /// Arms a slot anew.
  mutating func arm(_ slot: UInt32, at deadline: Instant) {
    disarm(slot)
    while places.count <= Int(slot) { places.append(-1) }
    entries.append(Entry(deadline: deadline, slot: slot))
    places[Int(slot)] = Int32(entries.count - 1)
    rise(from: entries.count - 1)
  }

  /// Takes a slot out, if it is in.
  mutating func disarm(_ slot: UInt32) {
    guard Int(slot) < places.count, places[Int(slot)] >= 0 else { return }
    let index = Int(places[Int(slot)])
    places[Int(slot)] = -1
    let last = entries.removeLast()
    guard index < entries.count else { return }
    entries[index] = last
    places[Int(last.slot)] = Int32(index)
    rise(from: index)
    sink(from: Int(places[Int(last.slot)]))
  }

  /// Takes out the first slot whose deadline has come.
  mutating func popDue(at now: Instant) -> UInt32? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    disarm(first.slot)
    return first.slot
  }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0, entries[index].precedes(entries[(index - 1) / 2]) {
      exchange(index, (index - 1) / 2)
      index = (index - 1) / 2
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
    places[Int(entries[one].slot)] = Int32(one)
    places[Int(entries[other].slot)] = Int32(other)
  }
}
