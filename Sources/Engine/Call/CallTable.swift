/// Names a place in the call table.
struct CallSlot: Sendable, Hashable, Codable {
  let index: Int32
}

/// All calls that are alive.
///
/// Invariants: a slot is either free or holds one call whose ConnID leads back to it. Slots are
/// reused; whoever keeps one (a timer, a reservation, a line) gives it up before the call ends.
struct CallTable: Sendable {
  private var slots: [Call] = []
  private var free: [Int32] = []
  private var byConnID = Lookup<ConnID, CallSlot>()

  var count: Int { slots.count - free.count }

  func slot(of connID: ConnID) -> CallSlot? { byConnID[connID] }

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

  mutating func insert(_ call: consuming Call) -> CallSlot {
    let slot: CallSlot
    let connID = call.attributes.connID
    if let reused = free.popLast() {
      slot = CallSlot(index: reused)
      slots[Int(reused)] = call
    } else {
      slot = CallSlot(index: Int32(slots.count))
      slots.append(call)
    }
    byConnID[connID] = slot
    return slot
  }

  mutating func remove(_ slot: CallSlot) {
    byConnID.remove(self[slot].attributes.connID)
    slots[Int(slot.index)] = .vacant
    free.append(slot.index)
  }

  /// A transfer: a call takes over the identity of another one, which is removed.
  mutating func rename(_ slot: CallSlot, to attributes: CallAttributes, of other: CallSlot) {
    byConnID.remove(self[slot].attributes.connID)
    remove(other)
    self[slot].attributes = attributes
    byConnID[attributes.connID] = slot
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
    free = try container.decode([Int32].self, forKey: .free)
    for index in slots.indices where slots[index].isAlive {
      byConnID[slots[index].attributes.connID] = CallSlot(index: Int32(index))
    }
  }

  /// A free place is nothing; which one is taken next is part of the state.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(slots.map { $0.isAlive ? $0 : nil }, forKey: .slots)
    try container.encode(free, forKey: .free)
  }
}
