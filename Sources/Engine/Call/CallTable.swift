/// Names a place in the call table.
@usableFromInline
struct CallSlot: Sendable, Hashable, Codable {
  @usableFromInline let index: Int32

  @usableFromInline
  init(index: Int32) { self.index = index }
}

/// All calls that are alive.
///
/// Invariants: a slot is either free or holds one call whose ConnID leads back to it. Slots are
/// reused; whoever keeps one (a timer, a reservation, a line) gives it up before the call ends.
struct CallTable: Sendable {
  private var slots: [Call] = []
  /// The first free slot; each names the next one as its entry.
  private var firstFree: Int32 = -1
  private(set) var count = 0
  private var byConnID = ConnIDIndex()

  func slot(of connID: ConnID) -> CallSlot? {
    let index = byConnID.slot(of: connID)
    return index < 0 ? nil : CallSlot(index: index)
  }

  subscript(slot: CallSlot) -> Call {
    _read {
      assert(slots[Int(slot.index)].isAlive, "a slot outlived its call")
      yield slots[Int(slot.index)]
    }
    _modify {
      assert(slots[Int(slot.index)].isAlive, "a slot outlived its call")
      yield &slots[Int(slot.index)]
    }
  }

  /// The identity of whoever has a slot, for pictures; 0: it has outlived its call, which is a bug.
  func connID(at slot: CallSlot) -> ConnID { slots[Int(slot.index)].attributes.connID }

  /// Makes a call whose ConnID is not there yet.
  mutating func insert(
    _ attributes: consuming CallAttributes,
    at device: Device,
    entered: Instant
  ) -> CallSlot {
    let slot: CallSlot
    let connID = attributes.connID
    count += 1
    if firstFree >= 0 {
      slot = CallSlot(index: firstFree)
      firstFree = slots[Int(firstFree)].entry
      slots[Int(slot.index)].begin(attributes, at: device, entered: entered)
    } else {
      slot = CallSlot(index: Int32(slots.count))
      slots.append(Call(attributes, at: device, entered: entered))
    }
    byConnID.insert(connID, slot.index)
    return slot
  }

  mutating func remove(_ slot: CallSlot) {
    byConnID.remove(self[slot].attributes.connID)
    slots[Int(slot.index)].end(nextFree: firstFree)
    firstFree = slot.index
    count -= 1
  }

  /// A transfer: a call takes over the identity of another one, which is removed.
  mutating func rename(_ slot: CallSlot, to attributes: CallAttributes, of other: CallSlot) {
    byConnID.remove(self[slot].attributes.connID)
    remove(other)
    self[slot].attributes = attributes
    byConnID.insert(attributes.connID, slot.index)
  }

  /// Visits every call in slot order.
  func forEach(_ body: (CallSlot) -> Void) {
    for index in slots.indices where slots[index].isAlive {
      body(CallSlot(index: Int32(index)))
    }
  }
}

extension CallTable: Codable {
  private enum CodingKeys: CodingKey {
    case slots, free
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    slots = try container.decode([Call?].self, forKey: .slots).map { $0 ?? .vacant }
    for index in slots.indices where slots[index].isAlive {
      byConnID.insert(slots[index].attributes.connID, Int32(index))
      count += 1
    }
    for index in try container.decode([Int32].self, forKey: .free) {
      guard slots.indices.contains(Int(index)), !slots[Int(index)].isAlive else {
        throw EngineStateError(message: "a place that is taken is listed as free")
      }
      slots[Int(index)].end(nextFree: firstFree)
      firstFree = index
    }
  }

  /// A free place is nothing; which one is taken next, the last of `free`, is part of the state.
  func encode(to encoder: any Encoder) throws {
    var free: [Int32] = []
    var next = firstFree
    while next >= 0 {
      free.append(next)
      next = slots[Int(next)].entry
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(slots.map { $0.isAlive ? $0 : nil }, forKey: .slots)
    try container.encode(Array(free.reversed()), forKey: .free)
  }
}
