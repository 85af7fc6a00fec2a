// When which registration must be looked at: a binary heap with one entry for each DN at most.
//
// States of a slot: absent or armed. Invariants:
//   * `places[slot]` is the slot's index in `entries`, or -1; the heap orders by (deadline, slot),
//     so that expiries come in the same order in every run.
//   * An armed instant is never later than the binding's own end. A refresh, which moves the end
//     away, does not touch the heap; the owner arms the slot again when the entry comes up too
//     early.
// So a refresh costs nothing here, and no sequence of registrations can make the heap grow.

internal import Engine

/// The armed slots, earliest first.
struct ExpiryHeap: Sendable {
  private struct Entry: Sendable {
    var deadline: Instant
    var slot: Int

    func precedes(_ other: Entry) -> Bool {
      (deadline, slot) < (other.deadline, other.slot)
    }
  }

  private var entries: [Entry] = []
  private var places: [Int]

  /// Makes room for slots 0 to `slotCount - 1`.
  init(slotCount: Int) {
    places = Array(repeating: -1, count: slotCount)
    entries.reserveCapacity(slotCount)
  }

  /// The earliest armed instant.
  var nextDeadline: Instant? { entries.first?.deadline }

  /// Makes sure that the slot comes up at `deadline` or earlier.
  ///
  /// **Complexity**: O(1) for a slot that is armed early enough, otherwise O(log n).
  mutating func arm(_ slot: Int, at deadline: Instant) {
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

  /// Takes the earliest slot whose instant has come, with that instant.
  mutating func popDue(at now: Instant) -> (slot: Int, deadline: Instant)? {
    guard let first = entries.first, first.deadline <= now, let last = entries.popLast() else {
      return nil
    }
    places[first.slot] = -1
    if !entries.isEmpty {
      entries[0] = last
      places[last.slot] = 0
      sink()
    }
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

  private mutating func sink() {
    var index = 0
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

  private mutating func exchange(_ left: Int, _ right: Int) {
    entries.swapAt(left, right)
    places[entries[left].slot] = left
    places[entries[right].slot] = right
  }
}
