// From a 64-bit key to a 64-bit value: open addressing, linear probing, no tombstones.
//
// Keys are tokens that we drew ourselves or keyed hashes, so their low bits are spread already and
// nobody outside can choose them to collide. Invariants: at most half of the places are taken;
// every key lies between its home place and the next empty one (removal moves followers back).

/// A map of tokens; key 0 is not a key.
struct TokenMap: ~Copyable {
  private var keys: [UInt64]
  private var values: [UInt64]
  private(set) var count = 0

  init(capacity: Int = 64) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    keys = Array(repeating: 0, count: size)
    values = Array(repeating: 0, count: size)
  }

  private var mask: Int { keys.count - 1 }

  private func home(_ key: UInt64) -> Int {
    // ConnIDs count upwards: spread them.
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
  }

  /// The value of a key.
  subscript(key: UInt64) -> UInt64? {
    var place = home(key)
    while keys[place] != 0 {
      if keys[place] == key { return values[place] }
      place = (place + 1) & mask
    }
    return nil
  }

  /// Sets the value of a key.
  mutating func set(_ key: UInt64, _ value: UInt64) {
    precondition(key != 0)
    if (count + 1) * 2 > keys.count { grow() }
    var place = home(key)
    while keys[place] != 0, keys[place] != key { place = (place + 1) & mask }
    if keys[place] == 0 { count += 1 }
    keys[place] = key
    values[place] = value
  }

  /// Forgets a key, if it is there.
  mutating func remove(_ key: UInt64) {
    var place = home(key)
    while keys[place] != key {
      guard keys[place] != 0 else { return }
      place = (place + 1) & mask
    }
    count -= 1
    var hole = place
    var next = (place + 1) & mask
    while keys[next] != 0 {
      let wanted = home(keys[next])
      if (next - wanted) & mask >= (next - hole) & mask {
        keys[hole] = keys[next]
        values[hole] = values[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    keys[hole] = 0
  }

  private mutating func grow() {
    let oldKeys = keys
    let oldValues = values
    keys = Array(repeating: 0, count: oldKeys.count * 2)
    values = Array(repeating: 0, count: oldKeys.count * 2)
    count = 0
    for index in 0..<oldKeys.count where oldKeys[index] != 0 {
      set(oldKeys[index], oldValues[index])
    }
  }
}
