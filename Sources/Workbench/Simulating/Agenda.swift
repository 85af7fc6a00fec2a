// What the line does later, each thing at its own instant.
//
// Invariants: a heap by instant; `dues[item]` is when an item is due, or the end of time. An entry
// of the heap that says another instant is stale: its item was forgotten or planned anew. The first
// entry never is, unless it is vacant: what was due first has been taken out, and the next item
// that is planned, if any is before the next is taken out, is put in its place and sinks. Stale
// entries are at most as many as there are items.

/// Items with the instants at which they are due.
struct Agenda {
  private var heap: [Entry] = []
  private var dues: [UInt64] = []
  /// How many items are planned.
  private var count = 0
  /// Whether the first entry has been taken out and its place not been filled.
  private var isVacant = false

  private struct Entry {
    var due: UInt64
    var item: Int32
  }

  /// The earliest instant; the end of time when nothing is due.
  mutating func next() -> UInt64 {
    if isVacant {
      let least = Self.leastChild(heap)
      if least > 0, dues[Int(heap[least].item)] == heap[least].due { return heap[least].due }
      fillVacancy()
    }
    return heap.isEmpty ? .max : heap[0].due
  }

  /// Plans an item, or plans it anew.
  mutating func set(_ item: Int32, due: UInt64) {
    while dues.count <= Int(item) { dues.append(.max) }
    if dues[Int(item)] == .max { count += 1 }
    dues[Int(item)] = due
    let entry = Entry(due: due, item: item)
    if isVacant {
      isVacant = false
      Self.sink(entry, &heap)
    } else {
      heap.append(entry)
      Self.rise(heap.count - 1, &heap)
    }
    dropStale()
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
    if isVacant { fillVacancy() }
    let item = heap[0].item
    dues[Int(item)] = .max
    count -= 1
    isVacant = true
    return item
  }

  /// Nothing was planned in place of what was taken out.
  private mutating func fillVacancy() {
    isVacant = false
    Self.removeFirst(&heap)
    dropStale()
  }

  /// Lets go of the first entry as long as it is stale.
  private mutating func dropStale() {
    guard !isVacant else { return }
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

  /// The last entry takes the place of the first.
  private static func removeFirst(_ heap: inout [Entry]) {
    let entry = heap.removeLast()
    if !heap.isEmpty { sink(entry, &heap) }
  }

  /// The place of the least of those below the first; 0: there is none.
  private static func leastChild(_ heap: borrowing [Entry]) -> Int {
    let heap = heap.span
    guard heap.count > 4 else {
      var least = 0
      for child in 1..<max(1, heap.count) where least == 0 || heap[child].due < heap[least].due {
        least = child
      }
      return least
    }
    let left = heap[2].due < heap[1].due ? 2 : 1
    let right = heap[4].due < heap[3].due ? 4 : 3
    return heap[right].due < heap[left].due ? right : left
  }

  /// An entry takes the place of the first, and sinks.
  private static func sink(_ entry: Entry, _ heap: inout [Entry]) {
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
