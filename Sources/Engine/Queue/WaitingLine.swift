// The calls that wait for something, in order.
//
// Invariant: from front to back, priorities do not grow, and among equal priorities tickets grow
// (`precedes`). A queue's line ignores priority: there, tickets alone count, which is what makes it
// strictly FIFO (DOMAIN, decision 2; ADR 0004). A call that comes back from an agent who did not
// answer has kept its ticket and so is first again.
// A call stands in one line at most; the links are in the call. Nothing allocates.
// Who may change it: `RoutingEngine` only.

/// An ordered line of calls, linked through the calls themselves.
struct WaitingLine: Sendable {
  private(set) var count = 0
  private(set) var front: CallSlot?
  private(set) var back: CallSlot?
  /// Whether priorities count before tickets.
  let ordersByPriority: Bool

  init(ordersByPriority: Bool) { self.ordersByPriority = ordersByPriority }

  /// The call behind this one.
  func after(_ slot: CallSlot, in calls: borrowing CallTable) -> CallSlot? {
    let next = calls[slot].next
    return next < 0 ? nil : CallSlot(index: next)
  }

  /// The place of a call in the line, from 1; counted from the back, where newcomers stand.
  func position(of slot: CallSlot, in calls: borrowing CallTable) -> Int {
    var position = count
    var behind = after(slot, in: calls)
    while let call = behind {
      position -= 1
      behind = after(call, in: calls)
    }
    return position
  }

  private func precedes(_ left: CallSlot, _ right: CallSlot, _ calls: borrowing CallTable) -> Bool {
    if ordersByPriority, calls[left].priority != calls[right].priority {
      return calls[left].priority > calls[right].priority
    }
    return calls[left].ticket < calls[right].ticket
  }

  /// Places a call where its priority and ticket belong; newcomers go to the back at once.
  mutating func enter(_ slot: CallSlot, in calls: inout CallTable) {
    var earlier = back
    while let candidate = earlier, precedes(slot, candidate, calls) {
      let previous = calls[candidate].previous
      earlier = previous < 0 ? nil : CallSlot(index: previous)
    }
    let later = earlier.map { after($0, in: calls) } ?? front
    calls[slot].previous = earlier?.index ?? -1
    calls[slot].next = later?.index ?? -1
    if let earlier { calls[earlier].next = slot.index } else { front = slot }
    if let later { calls[later].previous = slot.index } else { back = slot }
    count += 1
    assert(isOrdered(around: slot, in: calls), "the line is out of order")
  }

  /// Takes a call out, wherever it stands.
  mutating func leave(_ slot: CallSlot, in calls: inout CallTable) {
    let previous = calls[slot].previous
    let next = calls[slot].next
    if previous >= 0 {
      calls[CallSlot(index: previous)].next = next
    } else {
      front = next < 0 ? nil : CallSlot(index: next)
    }
    if next >= 0 {
      calls[CallSlot(index: next)].previous = previous
    } else {
      back = previous < 0 ? nil : CallSlot(index: previous)
    }
    calls[slot].previous = -1
    calls[slot].next = -1
    count -= 1
    assert(count >= 0 && (count == 0) == (front == nil), "the line lost count")
  }

  private func isOrdered(around slot: CallSlot, in calls: borrowing CallTable) -> Bool {
    let previous = calls[slot].previous
    let next = calls[slot].next
    return (previous < 0 || precedes(CallSlot(index: previous), slot, calls))
      && (next < 0 || precedes(slot, CallSlot(index: next), calls))
  }
}
