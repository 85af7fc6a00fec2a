// What the line does later, each thing at its own instant.
//
// Invariants: a heap by instant; `dues[item]` is when an item is due, or the end of time. An entry
// of the heap that says another instant is stale: its item was forgotten or planned anew. The first
// entry never is, and stale ones are at most as many as there are items.

/// Items with the instants at which they are due.
struct Agenda {
  private var heap: [Entry] = []
  private var dues: [UInt64] = []
  /// How many items are planned.
  private var count = 0

  private struct Entry {
    var due: UInt64
    var item: Int32
  }

  /// The earliest instant; the end of time when nothing is due.
  var next: UInt64 { heap.isEmpty ? .max : heap[0].due }

  /// Plans an item, or plans it anew.
  mutating func set(_ item: Int32, due: UInt64) {
    while dues.count <= Int(item) { dues.append(.max) }
    if dues[Int(item)] == .max {
      count += 1
    } else {
      dues[Int(item)] = due
      dropStale()
    }
    dues[Int(item)] = due
    heap.append(Entry(due: due, item: item))
    Self.rise(heap.count - 1, &heap)
    // Those whose patience was long are not kept until then.
    if heap.count > 2 * count + Self.slack { forgetStale() }
  }

  /// Forgets an item, if it is planned.
  mutating func remove(_ item: Int32) {
    guard Int(item) < dues.count, dues[Int(item)] != .max else { return }
    dues[Int(item)] = .max
    count -= 1
    dropStale()
  }

  /// Takes out the item that is due first.
  mutating func removeFirst() -> Int32 {
    let item = heap[0].item
    dues[Int(item)] = .max
    count -= 1
    Self.removeFirst(&heap)
    dropStale()
    return item
  }

  /// Lets go of the first entry as long as it is stale.
  private mutating func dropStale() {
    while let first = heap.first, dues[Int(first.item)] != first.due { Self.removeFirst(&heap) }
  }

  /// Lets go of every entry that is stale.
  private mutating func forgetStale() {
    heap.removeAll { dues[Int($0.item)] != $0.due }
    heap.sort { ($0.due, $0.item) < ($1.due, $1.item) }
  }

  private static let slack = 64

  private static func rise(_ start: Int, _ heap: inout [Entry]) {
    var heap = heap.mutableSpan
    let entry = heap[start]
    var position = start
    while position > 0 {
      let parent = (position - 1) / 4
      let above = heap[parent]
      guard entry.due < above.due else { break }
      heap[position] = above
      position = parent
    }
    heap[position] = entry
  }

  /// The last entry takes the place of the first, and sinks.
  private static func removeFirst(_ heap: inout [Entry]) {
    let entry = heap.removeLast()
    guard !heap.isEmpty else { return }
    var heap = heap.mutableSpan
    let count = heap.count
    var position = 0
    var first = 1
    // Of four children the least is found without a jump that chance decides.
    while first + 3 < count {
      let left = heap[first + 1].due < heap[first].due ? first + 1 : first
      let right = heap[first + 3].due < heap[first + 2].due ? first + 3 : first + 2
      let least = heap[right].due < heap[left].due ? right : left
      guard heap[least].due < entry.due else { break }
      heap[position] = heap[least]
      position = least
      first = 4 * position + 1
    }
    if first + 3 >= count {
      var least = position
      var due = entry.due
      for child in first..<max(first, count) where heap[child].due < due {
        least = child
        due = heap[child].due
      }
      if least != position {
        heap[position] = heap[least]
        position = least
      }
    }
    heap[position] = entry
  }
}
