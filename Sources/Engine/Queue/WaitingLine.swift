// The calls that wait for one thing (a queue, an agent, a DN), in order.
//
// Invariant: from front to back, ranks grow. In a queue a rank is the ticket alone, which is what
// makes it strictly FIFO (DOMAIN, decision 2; ADR 0004); elsewhere priority comes first. A call
// that comes back from an agent who did not answer has kept its ticket and so is first again.
// A call may stand in several lines, once in each; its places are chained through the table of
// entries. Nothing allocates once the table has grown.
// Who may change it: `RoutingEngine` only.

/// A place in the table of entries.
typealias EntrySlot = Int32

/// What a call waits for with one of its entries.
enum WaitingFor: Sendable, Hashable, Codable {
  /// A queue, or a virtual queue, by index.
  case queue(Int32)
  /// An agent by name.
  case agent(AgentSlot)
  /// A DN by number.
  case dn(Int32)
  /// Any agent of some groups; this entry stands in the index of `WaitingCalls` only.
  case groups
}

/// One call in one line.
struct LineEntry: Sendable, Codable {
  var call = CallSlot(index: -1)
  var waitsFor = WaitingFor.groups
  var rank = Rank(major: 0, minor: 0)
  var previous: EntrySlot = -1
  var next: EntrySlot = -1
  /// The call's next entry, in another line.
  var sibling: EntrySlot = -1
}

/// All entries, of all lines.
struct LineEntryTable: Sendable, Codable {
  private var entries: [LineEntry] = []
  private var free: EntrySlot = -1
  /// How many there are.
  private(set) var count = 0

  subscript(slot: EntrySlot) -> LineEntry {
    _read { yield entries[Int(slot)] }
    _modify { yield &entries[Int(slot)] }
  }

  mutating func insert(_ entry: LineEntry) -> EntrySlot {
    count += 1
    guard free >= 0 else {
      entries.append(entry)
      return EntrySlot(entries.count - 1)
    }
    let slot = free
    free = entries[Int(slot)].next
    entries[Int(slot)] = entry
    return slot
  }

  mutating func remove(_ slot: EntrySlot) {
    count -= 1
    entries[Int(slot)] = LineEntry()
    entries[Int(slot)].next = free
    free = slot
  }
}

/// An ordered line, linked through the table of entries.
struct WaitingLine: Sendable, Codable {
  private(set) var front: EntrySlot = -1
  private(set) var back: EntrySlot = -1
  private(set) var count: Int32 = 0

  /// The place of an entry in the line, from 1; counted from the back, where newcomers stand.
  func position(of slot: EntrySlot, in entries: borrowing LineEntryTable) -> Int {
    var position = Int(count)
    var behind = entries[slot].next
    while behind >= 0 {
      position -= 1
      behind = entries[behind].next
    }
    return position
  }

  /// Places an entry where its rank belongs; newcomers go to the back at once.
  mutating func enter(_ slot: EntrySlot, in entries: inout LineEntryTable) {
    var earlier = back
    while earlier >= 0, entries[slot].rank < entries[earlier].rank {
      earlier = entries[earlier].previous
    }
    let later = earlier >= 0 ? entries[earlier].next : front
    entries[slot].previous = earlier
    entries[slot].next = later
    if earlier >= 0 { entries[earlier].next = slot } else { front = slot }
    if later >= 0 { entries[later].previous = slot } else { back = slot }
    count += 1
  }

  /// Takes an entry out, wherever it stands.
  mutating func leave(_ slot: EntrySlot, in entries: inout LineEntryTable) {
    let previous = entries[slot].previous
    let next = entries[slot].next
    if previous >= 0 { entries[previous].next = next } else { front = next }
    if next >= 0 { entries[next].previous = previous } else { back = previous }
    count -= 1
    assert(count >= 0 && (count == 0) == (front < 0), "the line lost count")
  }
}
