// From a 64-bit hash to a slot: open addressing with linear probing.
//
// An entry is 8 bytes: the low half of the hash, from which its home follows, and the slot.
// Deletion moves the entries behind it back, so there are no tombstones and look-ups never grow
// longer with time. The table is at most half full.

/// An index of slots by hash; several slots may have one hash.
package struct TransactionIndex: ~Copyable {
  private var entries: [UInt64]
  private var mask: Int
  package private(set) var count = 0

  package init() {
    entries = Array(repeating: 0, count: 256)
    mask = 255
  }

  package mutating func insert(_ slot: UInt32, hash: UInt64) {
    if (count + 1) * 2 > entries.count { grow() }
    place(Self.entry(slot, hash))
    count += 1
  }

  package mutating func remove(_ slot: UInt32, hash: UInt64) {
    let wanted = Self.entry(slot, hash)
    var hole = Int(UInt32(truncatingIfNeeded: hash)) & mask
    while entries[hole] != wanted {
      precondition(entries[hole] != 0, "a transaction was not in the index")
      hole = (hole + 1) & mask
    }
    count -= 1
    var next = hole
    while true {
      next = (next + 1) & mask
      let entry = entries[next]
      guard entry != 0 else { break }
      let home = Int(entry >> 32) & mask
      // The entry may move into the hole unless its home lies behind the hole.
      guard (next - home) & mask >= (next - hole) & mask else { continue }
      entries[hole] = entry
      hole = next
    }
    entries[hole] = 0
  }

  /// The first slot with this hash for which `matches` says so.
  package func find(hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
    let tag = UInt64(UInt32(truncatingIfNeeded: hash))
    var position = Int(tag) & mask
    while entries[position] != 0 {
      let entry = entries[position]
      if entry >> 32 == tag {
        let slot = UInt32(truncatingIfNeeded: entry) - 1
        if matches(slot) { return slot }
      }
      position = (position + 1) & mask
    }
    return nil
  }

  private mutating func place(_ entry: UInt64) {
    var position = Int(entry >> 32) & mask
    while entries[position] != 0 { position = (position + 1) & mask }
    entries[position] = entry
  }

  private mutating func grow() {
    let old = entries
    entries = Array(repeating: 0, count: old.count * 2)
    mask = entries.count - 1
    for entry in old where entry != 0 { place(entry) }
  }

  private static func entry(_ slot: UInt32, _ hash: UInt64) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: hash)) << 32 | UInt64(slot + 1)
  }
}

extension ByteView {
  /// A 64-bit hash of the bytes; `seed` keeps outsiders from choosing collisions.
  package func hash(seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(count) &* 0x9E37_79B9_7F4A_7C15
    var position = 0
    while position + 8 <= count {
      state = Self.mixed(state ^ word(at: position))
      position += 8
    }
    var last: UInt64 = 0
    while position < count {
      last = last << 8 | UInt64(self[position])
      position += 1
    }
    return Self.mixed(state ^ last)
  }

  /// Multiplies and folds, as wyhash does.
  package static func mixed(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }
}
