// Records in the order of time, however many there are.
//
// Records are collected until a limit is reached; then they are sorted and written to a temporary
// file as one run, and in the end all runs are merged. Invariant: a run is in order; memory is one
// batch while records come, one block per run while they go. Who may change it: its owner.

/// Sorts records by time; equal times keep the order of rank, then that in which they came.
struct TimeSorter {
  /// A record's place in the order.
  struct Key: Comparable {
    var at: Int64
    var order: UInt64

    static func < (left: Key, right: Key) -> Bool {
      left.at != right.at ? left.at < right.at : left.order < right.order
    }
  }

  private struct Entry {
    var key: Key
    var start: Int
    var count: Int
  }

  private let place: String
  private let limit: Int
  private var bytes: [UInt8] = []
  private var entries: [Entry] = []
  private var spool: SpoolFile?
  private var runs: [Range<UInt64>] = []
  /// How many records were added.
  private(set) var count: UInt64 = 0

  /// Makes an empty sorter whose temporary file lies beside `place`.
  init(besides place: String, limit: Int = ImportLimits.sortBytesMax) {
    (self.place, self.limit) = (place, limit)
  }

  /// Adds a record.
  mutating func add(
    at instant: Int64,
    rank: UInt8 = 2,
    _ record: some Collection<UInt8>
  ) throws(ImportError) {
    let key = Key(at: instant, order: UInt64(rank) << 56 | count)
    count += 1
    entries.append(Entry(key: key, start: bytes.count, count: record.count))
    bytes.append(contentsOf: record)
    if bytes.count + entries.count * 40 >= limit { try spill() }
  }

  /// Hands out all records in their order, and forgets them.
  mutating func drain(
    _ body: (Int64, ArraySlice<UInt8>) throws(ImportError) -> Void
  ) throws(ImportError) {
    if runs.isEmpty {
      entries.sort { $0.key < $1.key }
      for entry in entries {
        try body(entry.key.at, bytes[entry.start..<(entry.start + entry.count)])
      }
    } else {
      try spill()
      try merge(body)
    }
    self = TimeSorter(besides: place, limit: limit)
  }

  private mutating func spill() throws(ImportError) {
    guard !entries.isEmpty else { return }
    entries.sort { $0.key < $1.key }
    let file: SpoolFile
    if let spool { file = spool } else { file = try SpoolFile(besides: place) }
    spool = file
    let start = file.count
    var block: [UInt8] = []
    for entry in entries {
      Self.put(UInt64(bitPattern: entry.key.at), &block)
      Self.put(entry.key.order, &block)
      Self.put(UInt64(entry.count), &block)
      block += bytes[entry.start..<(entry.start + entry.count)]
      if block.count >= 1 << 18 {
        try file.append(block)
        block.removeAll(keepingCapacity: true)
      }
    }
    try file.append(block)
    runs.append(start..<file.count)
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  private func merge(
    _ body: (Int64, ArraySlice<UInt8>) throws(ImportError) -> Void
  ) throws(ImportError) {
    guard let spool else { return }
    var readers = runs.map { RunReader(spool, $0) }
    // A heap of the runs by the record that each has next.
    var heap = readers.indices.filter { readers[$0].advance() }
    func isBefore(_ left: Int, _ right: Int) -> Bool { readers[left].key < readers[right].key }
    func sink(_ from: Int) {
      var at = from
      while true {
        var least = at
        for child in [2 * at + 1, 2 * at + 2] where child < heap.count {
          if isBefore(heap[child], heap[least]) { least = child }
        }
        guard least != at else { return }
        heap.swapAt(at, least)
        at = least
      }
    }
    for index in heap.indices.reversed() { sink(index) }
    while let first = heap.first {
      try body(readers[first].key.at, readers[first].record)
      if !readers[first].advance() {
        heap[0] = heap[heap.count - 1]
        heap.removeLast()
      }
      sink(0)
    }
  }

  private static func put(_ number: UInt64, _ bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }
}

/// Reads the records of one run, block by block.
private struct RunReader {
  private let spool: SpoolFile
  private var next: UInt64
  private let end: UInt64
  private var block: [UInt8] = []
  private var position = 0
  private(set) var key = TimeSorter.Key(at: 0, order: 0)
  private(set) var record: ArraySlice<UInt8> = []

  init(_ spool: SpoolFile, _ range: Range<UInt64>) {
    self.spool = spool
    (next, end) = (range.lowerBound, range.upperBound)
  }

  /// Goes to the next record; false when there is none.
  mutating func advance() -> Bool {
    guard need(24) else { return false }
    key.at = Int64(bitPattern: number(at: position))
    key.order = number(at: position + 8)
    let count = Int(number(at: position + 16))
    position += 24
    guard need(count) else { return false }
    record = block[position..<(position + count)]
    position += count
    return true
  }

  private func number(at start: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(block[start + $1]) << UInt64(8 * $1) }
  }

  private mutating func need(_ count: Int) -> Bool {
    if block.count - position >= count { return true }
    record = []
    block.removeFirst(position)
    position = 0
    let wanted = max(1 << 16, count)
    let more = spool.read(min(wanted, Int(end - next)), at: next)
    next += UInt64(more.count)
    block += more
    return block.count >= count
  }
}
