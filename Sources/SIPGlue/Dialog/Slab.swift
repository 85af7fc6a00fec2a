// Where calls, legs and relays live: slots that are used again, named by handles that are not.
//
// Invariants: a handle finds its element until `remove`, and nothing ever after (the generation of
// a slot changes with every use); cost is independent of the number of elements. Elements hold no
// references: what they own (`Text`) is freed by whoever removes them.

/// Names an element of a slab.
struct Slot: Hashable, Sendable {
  var index: UInt32
  var generation: UInt32
}

/// A table of elements with generational handles.
struct Slab<Element>: ~Copyable {
  /// Generations fit into an `Owner`.
  private static var generationMask: UInt32 { 0x00FF_FFFF }
  /// Marks the stamp of a slot that is in use.
  private static var live: UInt32 { 0x8000_0000 }

  private var elements = Pieces<Element>()
  /// The generation of every slot, and whether it is in use.
  private var stamps: [UInt32] = []
  private var free: [UInt32] = []
  private(set) var count = 0

  init() {}

  /// Stores an element in a free slot.
  mutating func insert(_ element: consuming Element) -> Slot {
    count += 1
    if let index = free.popLast() {
      elements[Int(index)] = element
      let generation = stamps[Int(index)]
      stamps[Int(index)] = generation | Self.live
      return Slot(index: index, generation: generation)
    }
    elements.append(element)
    stamps.append(Self.live)
    return Slot(index: UInt32(elements.count - 1), generation: 0)
  }

  /// Whether the handle's element is there.
  func contains(_ slot: Slot) -> Bool {
    Int(slot.index) < stamps.count && stamps[Int(slot.index)] == slot.generation | Self.live
  }

  /// The element of a handle that is known to be good.
  subscript(slot: Slot) -> Element {
    _read {
      precondition(contains(slot))
      yield elements[Int(slot.index)]
    }
    _modify {
      precondition(contains(slot))
      yield &elements[Int(slot.index)]
    }
  }

  /// The handle of the element that lives at an index now, if one does.
  func slot(at index: UInt32) -> Slot? {
    guard Int(index) < stamps.count, stamps[Int(index)] & Self.live != 0 else { return nil }
    return Slot(index: index, generation: stamps[Int(index)] & Self.generationMask)
  }

  /// Gives a slot back.
  mutating func remove(_ slot: Slot) {
    precondition(contains(slot))
    stamps[Int(slot.index)] = (slot.generation &+ 1) & Self.generationMask
    free.append(slot.index)
    count -= 1
  }

  /// Shows the handles of all elements, in slot order.
  func forEach(_ body: (Slot) -> Void) {
    for index in 0..<UInt32(stamps.count) {
      if let slot = slot(at: index) { body(slot) }
    }
  }
}

/// What a transaction is done for; travels through `TransactionTable` as a number.
struct Owner: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    /// Nobody waits for the outcome.
    case nobody
    /// The caller's INVITE.
    case call
    /// Our INVITE to a target.
    case leg
    /// Our BYE on a leg.
    case farewell
    /// A request that is passed on from one leg to the other.
    case relay
    /// Our OPTIONS on a leg: is it still there?
    case probe
    /// The INVITE of a caller who waited and was refused.
    case final
    /// Our NOTIFY to a subscriber.
    case notice
    /// Our OPTIONS to a fixed contact: is it in service?
    case monitor
    /// Our last NOTIFY about a transfer.
    case report
  }

  var kind: Kind
  var slot: Slot

  static let nobody = Owner(.nobody, Slot(index: 0, generation: 0))

  init(_ kind: Kind, _ slot: Slot) {
    self.kind = kind
    self.slot = slot
  }

  init(_ raw: UInt64) {
    kind = Kind(rawValue: UInt8(truncatingIfNeeded: raw >> 56)) ?? .nobody
    slot = Slot(
      index: UInt32(truncatingIfNeeded: raw),
      generation: UInt32(truncatingIfNeeded: raw >> 32) & 0x00FF_FFFF
    )
  }

  var raw: UInt64 {
    UInt64(kind.rawValue) << 56 | UInt64(slot.generation) << 32 | UInt64(slot.index)
  }
}
