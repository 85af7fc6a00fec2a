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
      Self.rise(entry, from: heap.count - 1, &heap, &positions)
      return
    }
    let before = heap[Int(position)].due
    if due < before {
      Self.rise(entry, from: Int(position), &heap, &positions)
    } else {
      Self.sink(entry, from: Int(position), &heap, &positions)
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
      Self.rise(last, from: position, &heap, &positions)
    } else {
      Self.sink(last, from: position, &heap, &positions)
    }
  }

  /// Takes out the item that is due first.
  mutating func removeFirst() -> Int32 {
    let item = heap[0].item
    remove(item)
    return item
  }

  private static func rise(
    _ entry: Entry,
    from start: Int,
    _ heap: inout [Entry],
    _ positions: inout [Int32]
  ) {
    var heap = heap.mutableSpan
    var positions = positions.mutableSpan
    var position = start
    while position > 0 {
      let parent = (position - 1) / 4
      let above = heap[parent]
      guard entry.due < above.due else { break }
      heap[position] = above
      positions[Int(above.item)] = Int32(position)
      position = parent
    }
    heap[position] = entry
    positions[Int(entry.item)] = Int32(position)
  }

  private static func sink(
    _ entry: Entry,
    from start: Int,
    _ heap: inout [Entry],
    _ positions: inout [Int32]
  ) {
    var heap = heap.mutableSpan
    var positions = positions.mutableSpan
    let count = heap.count
    var position = start
    while true {
      let first = 4 * position + 1
      guard first < count else { break }
      var place = first
      var least = heap[first]
      var child = first + 1
      let end = min(first + 4, count)
      while child < end {
        if heap[child].due < least.due {
          place = child
          least = heap[child]
        }
        child += 1
      }
      guard least.due < entry.due else { break }
      heap[position] = least
      positions[Int(least.item)] = Int32(position)
      position = place
    }
    heap[position] = entry
    positions[Int(entry.item)] = Int32(position)
  }
}
