// What was decided about calls, kept as it happens and explained when somebody asks.
//
// Two rings of fixed size: entries (what was asked, answered, tried, by call) and transitions (what
// an agent's standing became). Keeping a decision costs one append; which agents were candidates,
// and why each was dropped, is worked out from both rings when somebody asks (ADR 0016). So the
// record is always on, and its cost does not depend on the number of agents.
// Invariants: `order` only grows and is common to both rings; what is overwritten is the oldest.
// Nothing here influences a call.
// Who may change it: `RoutingEngine`, through RoutingEngine+Decision.swift.

/// One thing that was decided about a call, or that happened to it.
struct DecisionEntry: Sendable {
  var order: UInt64
  var at: Instant
  var call: ConnID
  var kind: DecisionKind
}

/// What an agent's standing became.
struct StandingChange: Sendable {
  var order: UInt64
  var at: Instant
  /// The change of the same agent before this one, counted from the first of all; negative: none.
  var previous: Int64
  /// Where he can be reached, by DN index; negative: nowhere.
  var dn: Int32
  var standing: Standing
}

/// The two rings.
struct DecisionLog: Sendable {
  private var entries: [DecisionEntry] = []
  private var nextEntry = 0
  private var changes: [StandingChange] = []
  private var changeCount: Int64 = 0
  private let capacity: Int
  private(set) var order: UInt64 = 0

  /// For how many there is room from the first one on.
  private static var roomMade: Int { 131_072 }

  /// Makes a log of so many entries and changes; zero keeps nothing.
  init(capacity: Int) { self.capacity = max(0, capacity) }

  var isKept: Bool { capacity > 0 }

  mutating func append(_ kind: consuming DecisionKind, of call: ConnID, at now: Instant) {
    order += 1
    let entry = DecisionEntry(order: order, at: now, call: call, kind: kind)
    if entries.count < capacity {
      // At once: a ring that grows by doubling stops everything while it is copied.
      if entries.isEmpty { entries.reserveCapacity(min(capacity, Self.roomMade)) }
      entries.append(entry)
    } else {
      entries[nextEntry] = entry
      nextEntry = nextEntry + 1 == capacity ? 0 : nextEntry + 1
    }
  }

  /// Keeps a change and names it; `previous` is the name of the same agent's change before.
  mutating func append(
    _ standing: Standing,
    at dn: Int32,
    previous: Int64,
    _ now: Instant
  ) -> Int64 {
    order += 1
    let change = StandingChange(
      order: order,
      at: now,
      previous: previous,
      dn: dn,
      standing: standing
    )
    if changes.count < capacity {
      if changes.isEmpty { changes.reserveCapacity(min(capacity, Self.roomMade)) }
      changes.append(change)
    } else {
      changes[Int(changeCount % Int64(capacity))] = change
    }
    changeCount += 1
    return changeCount - 1
  }

  /// A change by its name; nil when it has been overwritten.
  func change(_ name: Int64) -> StandingChange? {
    guard name >= 0, name >= changeCount - Int64(changes.count) else { return nil }
    return changes[Int(name % Int64(max(1, capacity)))]
  }

  /// The entries of a call, the oldest first.
  func entries(of call: ConnID) -> [DecisionEntry] {
    var found: [DecisionEntry] = []
    for offset in entries.indices {
      let index = nextEntry + offset
      let entry = entries[index < entries.count ? index : index - entries.count]
      if entry.call == call { found.append(entry) }
    }
    return found
  }

  /// The call that entered last of those that pass.
  func lastCall(where passes: (CallEntrance) -> Bool) -> ConnID? {
    for offset in entries.indices.reversed() {
      let index = nextEntry + offset
      let entry = entries[index < entries.count ? index : index - entries.count]
      if case .entered(let entrance) = entry.kind, passes(entrance) { return entry.call }
    }
    return nil
  }
}
