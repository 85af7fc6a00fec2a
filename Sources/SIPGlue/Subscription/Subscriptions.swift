// Who is told what happens to the contacts of a DN: the `reg` event package.
//
// States of a subscription: active → gone, by its end (NOTIFY terminated), by the subscriber
// (Expires 0), or because a NOTIFY was refused or not answered (RFC 6665 4.2.2, 4.4.1).
// A subscriber is told everything at first and whenever he refreshes (`full`), and what has changed
// whenever something has (`partial`); the version counts from 0 without gaps (RFC 3680 5.1).
//
// Invariants: one NOTIFY at most is under way for each subscription; what happens meanwhile makes
// the next one a full one, so that nothing has to be kept. A subscription is found by the tag that
// we gave, and by its DN; its DN is watched in the registrar as long as it has one. Subscriptions
// do not outlive the process: a refresh is then answered with 481, and the phone subscribes anew.
// Who may change it: `SIPSwitch` only. Source: RFC 6665, RFC 3680.

internal import Engine

/// One subscription: our side of its dialog, and what the subscriber knows.
struct Subscription {
  var dn: DN
  /// The texts of the dialog, which the slices refer to.
  var text: Text
  var words = LegText()
  /// The `id` of the Event header with its semicolon, or nothing.
  var eventID = ByteSlice.none
  var tag: SIPToken
  var hop: Endpoint
  var localSequence: UInt32 = 0
  var remoteSequence: Int64
  var expiresAt: Instant
  /// The version of the next document.
  var version: UInt32 = 0
  var isNotifying = false
  /// Whether something happened that the subscriber has not been told.
  var isBehind = false
}

/// All subscriptions.
struct Subscriptions: ~Copyable {
  var slab = Slab<Subscription>()
  var texts = TextStore()
  let limit: Int
  private var tags = TokenMap()
  private var byDN: [DN: [Slot]] = [:]
  private var expiries: DeadlineHeap

  /// Makes an empty table; `limit` is the greatest number of subscriptions.
  init(limit: Int) {
    self.limit = limit
    expiries = DeadlineHeap(slotCount: limit)
  }

  deinit { slab.forEach { slab[$0].text.release() } }

  var count: Int { slab.count }

  /// When the next one ends, at the latest.
  var nextDeadline: Instant? { expiries.nextDeadline }

  /// The subscriptions to a DN, the oldest first.
  func to(_ dn: DN) -> [Slot] { byDN[dn] ?? [] }

  /// The subscription of a dialog, by the tag that we gave.
  func find(_ tag: SIPToken) -> Slot? { tags[tag.value].map { Owner($0).slot } }

  /// Stores a new one.
  mutating func insert(_ subscription: Subscription) -> Slot {
    let slot = slab.insert(subscription)
    tags.set(subscription.tag.value, Owner(.notice, slot).raw)
    byDN[subscription.dn, default: []].append(slot)
    arm(slot)
    return slot
  }

  /// Makes sure that its end is noticed.
  mutating func arm(_ slot: Slot) {
    expiries.arm(Int(slot.index), noLaterThan: slab[slot].expiresAt)
  }

  /// The next one that has come to its end.
  mutating func popDue(at now: Instant) -> Slot? {
    while let (index, _) = expiries.popDue(at: now) {
      guard let slot = slab.slot(at: UInt32(index)) else { continue }
      if slab[slot].expiresAt <= now { return slot }
      arm(slot)
    }
    return nil
  }

  /// Forgets one.
  mutating func remove(_ slot: Slot) {
    let subscription = slab[slot]
    tags.remove(subscription.tag.value)
    byDN[subscription.dn]?.removeAll { $0 == slot }
    if byDN[subscription.dn]?.isEmpty == true { byDN[subscription.dn] = nil }
    texts.free(subscription.text)
    slab.remove(slot)
  }
}
