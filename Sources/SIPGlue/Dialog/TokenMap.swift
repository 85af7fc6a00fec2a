// From a 64-bit key to a 64-bit value: open addressing, linear probing, no tombstones.
//
// Keys are tokens that we drew ourselves or keyed hashes, so their low bits are spread already and
// nobody outside can choose them to collide. Invariants: at most half of the places are taken;
// every key lies between its home place and the next empty one (removal moves followers back).

/// A map of tokens; key 0 is not a key.
struct TokenMap: ~Copyable {
  private struct Entry {
    var key: UInt64 = 0
    var value: UInt64 = 0
  }

  private var entries: [Entry]
  private(set) var count = 0

  init(capacity: Int = 64) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    entries = Array(repeating: Entry(), count: size)
  }

  private var mask: Int { entries.count - 1 }

  private func home(_ key: UInt64) -> Int {
    // ConnIDs count upwards: spread them.
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
  }

  /// The value of a key.
  subscript(key: UInt64) -> UInt64? {
    var place = home(key)
    while entries[place].key != 0 {
      if entries[place].key == key { return entries[place].value }
      place = (place + 1) & mask
    }
    return nil
  }

  /// Sets the value of a key.
  mutating func set(_ key: UInt64, _ value: UInt64) {
    precondition(key != 0)
    if (count + 1) * 2 > entries.count { grow() }
    var place = home(key)
    while entries[place].key != 0, entries[place].key != key { place = (place + 1) & mask }
    if entries[place].key == 0 { count += 1 }
    entries[place] = Entry(key: key, value: value)
  }

  /// Forgets a key, if it is there.
  mutating func remove(_ key: UInt64) {
    var place = home(key)
    while entries[place].key != key {
      guard entries[place].key != 0 else { return }
      place = (place + 1) & mask
    }
    count -= 1
    var hole = place
    var next = (place + 1) & mask
    while entries[next].key != 0 {
      let wanted = home(entries[next].key)
      if (next - wanted) & mask >= (next - hole) & mask {
        entries[hole] = entries[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    entries[hole] = Entry()
  }

  private mutating func grow() {
    let old = entries
    entries = Array(repeating: Entry(), count: old.count * 2)
    count = 0
    for entry in old where entry.key != 0 { set(entry.key, entry.value) }
  }
}
