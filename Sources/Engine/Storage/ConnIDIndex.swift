// Where a call stands in its table, by its ConnID.
//
// Linear probing over one array. A ConnID is ours or chosen by the line side, never by a caller, so
// a fixed mixing function will do; no order can be seen from outside.
// Invariants: less than three quarters of the places are taken; between the place where a ConnID
// belongs and the one where it stands there is no free one. ConnID zero marks a free place; it is
// never used for a call (DOMAIN 1.3), and a call that has it all the same is kept apart.
// Nothing allocates once the array has grown.

/// Slots by ConnID.
package struct ConnIDIndex: Sendable {
  private struct Place: Sendable {
    var connID: UInt64 = 0
    var slot: Int32 = -1
  }

  private var places = [Place](repeating: Place(), count: 16)
  private var mask = 15
  private var count = 0
  private var slotOfZero: Int32 = -1

  /// Makes an empty index.
  package init() {}

  /// The slot of a call; negative: it is not there.
  package func slot(of connID: ConnID) -> Int32 {
    if connID.value == 0 { return slotOfZero }
    var index = home(of: connID.value)
    while true {
      let place = places[index]
      if place.connID == connID.value { return place.slot }
      if place.connID == 0 { return -1 }
      index = (index + 1) & mask
    }
  }

  /// Adds a call that is not there, or gives it another slot.
  package mutating func insert(_ connID: ConnID, _ slot: Int32) {
    guard connID.value != 0 else {
      slotOfZero = slot
      return
    }
    if (count + 1) * 4 > places.count * 3 { grow() }
    var index = home(of: connID.value)
    while places[index].connID != 0, places[index].connID != connID.value {
      index = (index + 1) & mask
    }
    if places[index].connID == 0 { count += 1 }
    places[index] = Place(connID: connID.value, slot: slot)
  }

  /// Takes a call out, if it is there; those behind it move up.
  package mutating func remove(_ connID: ConnID) {
    guard connID.value != 0 else {
      slotOfZero = -1
      return
    }
    var hole = home(of: connID.value)
    while places[hole].connID != connID.value {
      guard places[hole].connID != 0 else { return }
      hole = (hole + 1) & mask
    }
    count -= 1
    var next = (hole + 1) & mask
    while places[next].connID != 0 {
      // It may fill the hole unless its home lies behind it.
      let home = home(of: places[next].connID)
      if (next &- home) & mask >= (next &- hole) & mask {
        places[hole] = places[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    places[hole] = Place()
  }

  private func home(of connID: UInt64) -> Int {
    // Multiplied by 2^64 over the golden ratio: the upper bits depend on all of them.
    let mixed = (connID ^ (connID >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & mask
  }

  private mutating func grow() {
    let old = places
    places = [Place](repeating: Place(), count: old.count * 2)
    mask = places.count - 1
    count = 0
    for place in old where place.connID != 0 { insert(ConnID(place.connID), place.slot) }
  }
}
