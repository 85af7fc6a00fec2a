internal import Engine

/// A call on the floor, from its offer to its end.
struct SimulatedCall {
  enum Place: UInt8 {
    /// Nobody: the slot is free.
    case none
    case waiting
    /// A phone rings for it.
    case ringing
    case talking
  }

  var connID = ConnID(0)
  var offered: UInt64 = 0
  /// When it was answered; until then unknown.
  var answered: UInt64 = 0
  /// How long it will talk.
  var service: UInt64 = 0
  var type: Int32 = 0
  var attempt: UInt32 = 0
  var treatment: UInt32 = 0
  /// Who is busy with it; negative: nobody.
  var agent: Int32 = -1
  /// The target that it was sent to last; negative: none.
  var target: Int32 = -1
  /// The queue that it entered last; negative: none.
  var queue: Int32 = -1
  var place = Place.none
  var isCounted = false
  var hasWaited = false
  var isDefaulted = false

  /// It is over; its slot is free.
  mutating func leave(nextFree: Int32) {
    connID = ConnID(0)
    place = .none
    target = nextFree
  }

  /// It is sent to a phone.
  mutating func ring(at target: Int32, of agent: Int32, attempt: UInt32) {
    self.attempt = attempt
    self.target = target
    if agent >= 0 { self.agent = agent }
    place = .ringing
  }

  /// Somebody picked up.
  mutating func talk(from now: UInt64) {
    place = .talking
    answered = now
  }
}

/// How a call ended.
enum SimulatedEnd {
  case answered
  case abandoned
  case rejected
  case gone
  /// Something was asked of it that a recording does not say.
  case unanswerable
}

/// The calls on the floor, in slots that are used again.
///
/// A ConnID that is made up holds its slot in the lower 24 bits and a number that only grows above
/// them, so that none is used twice. Others are looked up.
struct SimulatedCalls {
  private var calls: [SimulatedCall] = []
  /// The first free slot; each names the next one as its target.
  private var firstFree: Int32 = -1
  private var count = 0
  private var lastNumber: UInt64 = 0
  private var slots = ConnIDIndex()

  static let slotBits: UInt64 = 24

  /// How many slots there are: the most calls that there were at once.
  var slotCount: Int { calls.count }

  /// Whether nobody is there.
  var isEmpty: Bool { count == 0 }

  subscript(slot: Int32) -> SimulatedCall {
    _read { yield calls[Int(slot)] }
    _modify { yield &calls[Int(slot)] }
  }

  /// Takes a slot for a call, which gets a ConnID that is made up.
  mutating func insert(_ call: SimulatedCall) -> Int32 {
    let slot = nextSlot
    lastNumber += 1
    enter(call, ConnID(lastNumber << Self.slotBits | UInt64(slot)))
    return slot
  }

  /// Takes a slot for a call that has a ConnID; either all calls have one or none.
  mutating func insert(_ call: SimulatedCall, _ connID: ConnID) -> Int32 {
    let slot = nextSlot
    enter(call, connID)
    slots.insert(connID, slot)
    return slot
  }

  /// The slot that the next call gets.
  private var nextSlot: Int32 { firstFree < 0 ? Int32(calls.count) : firstFree }

  private mutating func enter(_ call: consuming SimulatedCall, _ connID: ConnID) {
    count += 1
    call.connID = connID
    guard firstFree >= 0 else {
      calls.append(call)
      return
    }
    let slot = Int(firstFree)
    firstFree = calls[slot].target
    calls[slot] = call
  }

  /// Gives a slot back.
  mutating func remove(_ slot: Int32) {
    if lastNumber == 0 { slots.remove(calls[Int(slot)].connID) }
    calls[Int(slot)].leave(nextFree: firstFree)
    firstFree = slot
    count -= 1
  }

  /// The slot of a call that is still there.
  func slot(of connID: ConnID) -> Int32? {
    guard lastNumber > 0 else {
      let slot = slots.slot(of: connID)
      return slot < 0 ? nil : slot
    }
    let slot = Int(connID.value & (1 << Self.slotBits - 1))
    guard slot < calls.count, calls[slot].connID == connID else { return nil }
    return Int32(slot)
  }
}
