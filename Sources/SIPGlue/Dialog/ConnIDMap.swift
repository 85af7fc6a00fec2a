// The only place where Call-ID and tags meet the ConnID.
//
// Three maps, all of them keyed by 64-bit numbers, so that the cost of a look-up does not depend on
// how many calls there are: ConnID → call, the tag that we gave → call or leg, and the keyed hash
// of (Call-ID, From tag, CSeq) of a first INVITE → call. A tag of ours is unique and cannot be
// guessed; that the Call-ID and the other side's tag belong to it is compared by the switch
// afterwards.
//
// Invariant: an entry is removed before its call or leg is.

internal import Engine

/// From the names on the wire, and from the engine's, to calls and legs.
struct ConnIDMap: ~Copyable {
  private var next: UInt64
  private var calls = TokenMap()
  private var dialogs = TokenMap()
  private var firsts = TokenMap()

  /// Starts numbering; `start` is the wall clock in nanoseconds since the Unix epoch.
  ///
  /// The upper half of a ConnID is the second of the start, the lower half counts: two runs that
  /// start in different seconds never share one.
  init(start: UInt64) { next = (start / 1_000_000_000) << 32 }

  /// A ConnID that was never used; not 0.
  mutating func makeConnID() -> ConnID {
    next &+= 1
    if next == 0 { next = 1 }
    return ConnID(next)
  }

  /// Whether nothing is left.
  var isEmpty: Bool { calls.count == 0 && dialogs.count == 0 && firsts.count == 0 }

  func call(_ conn: ConnID) -> Slot? { calls[conn.value].map { Owner($0).slot } }
  mutating func set(_ conn: ConnID, _ call: Slot) { calls.set(conn.value, Owner(.call, call).raw) }
  mutating func remove(_ conn: ConnID) { calls.remove(conn.value) }

  /// The call (before it is answered) or leg that has this tag of ours.
  func party(_ tag: SIPToken) -> Owner? { dialogs[tag.value].map { Owner($0) } }
  mutating func set(_ tag: SIPToken, _ party: Owner) { dialogs.set(tag.value, party.raw) }
  mutating func remove(_ tag: SIPToken) { dialogs.remove(tag.value) }

  /// The call that began with an INVITE of this key.
  func first(_ key: UInt64) -> Slot? { firsts[key].map { Owner($0).slot } }
  mutating func setFirst(_ key: UInt64, _ call: Slot) { firsts.set(key, Owner(.call, call).raw) }
  mutating func removeFirst(_ key: UInt64) { firsts.remove(key) }
}
