// What the line does later, each thing at its own instant.
//
// Invariants: a heap by instant, ties by place; `positions[item]` is where an item stands in it, or
// -1. An item has one instant at most, so the agenda is never longer than there are items.

/// Items with the instants at which they are due.
struct Agenda {
  private var heap: [Entry] = []
  private var positions: [Int32] = []

  private struct Entry {
    var due: UInt64
    var item: Int32
  }

  /// The earliest instant; the end of time when nothing is due.
  var next: UInt64 { heap.isEmpty ? .max : heap[0].due }

  /// Plans an item, or plans it anew.
  mutating func set(_ item: Int32, due: UInt64) {
    while positions.count <= Int(item) { positions.append(-1) }
    let entry = Entry(due: due, item: item)
    let position = positions[Int(item)]
    guard position >= 0 else {
      heap.append(entry)
      rise(entry, from: heap.count - 1)
      return
    }
    let before = heap[Int(position)].due
    if due < before {
      rise(entry, from: Int(position))
    } else {
      sink(entry, from: Int(position))
    }
  }

  /// Forgets an item, if it is planned.
  mutating func remove(_ item: Int32) {
    guard Int(item) < positions.count, positions[Int(item)] >= 0 else { return }
    let position = Int(positions[Int(item)])
    positions[Int(item)] = -1
    let last = heap.removeLast()
    guard position < heap.count else { return }
    if position > 0, last.due < heap[(position - 1) / 4].due {
      rise(last, from: position)
    } else {
      sink(last, from: position)
    }
  }

  /// Takes out the item that is due first.
  mutating func removeFirst() -> Int32 {
    let item = heap[0].item
    remove(item)
    return item
  }

  private mutating func rise(_ entry: Entry, from position: Int) {
    var position = position
    while position > 0 {
      let parent = (position - 1) / 4
      guard entry.due < heap[parent].due else { break }
      place(heap[parent], at: position)
      position = parent
    }
    place(entry, at: position)
  }

  private mutating func sink(_ entry: Entry, from position: Int) {
    var position = position
    while true {
      let first = 4 * position + 1
      guard first < heap.count else { break }
      var least = first
      for child in first..<min(first + 4, heap.count) where heap[child].due < heap[least].due {
        least = child
      }
      guard heap[least].due < entry.due else { break }
      place(heap[least], at: position)
      position = least
    }
    place(entry, at: position)
  }

  private mutating func place(_ entry: Entry, at position: Int) {
    heap[position] = entry
    positions[Int(entry.item)] = Int32(position)
  }
}
