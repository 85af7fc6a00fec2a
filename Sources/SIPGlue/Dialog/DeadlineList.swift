// Deadlines that all lie the same interval ahead, for the slots of a slab.
//
// Because the interval is one, the order of arming is the order of expiry: a doubly linked list
// through slot indices, armed at the end, expired from the front, every operation O(1). Invariant:
// a slot is in the list at most once; its owner disarms it before the slot is given back.

internal import Engine

/// A first-in first-out list of deadlines.
struct DeadlineList: ~Copyable {
  private struct Link {
    var previous = DeadlineList.none
    var next = DeadlineList.none
    var deadline = Instant.distantFuture
    var isArmed = false
  }

  private static let none = UInt32.max

  private let interval: Duration
  private var links: [Link] = []
  private var first = DeadlineList.none
  private var last = DeadlineList.none

  /// Makes an empty list; with an interval of zero, nothing is ever armed.
  init(interval: Duration) { self.interval = interval }

  /// The next deadline.
  var nextDeadline: Instant? { first == Self.none ? nil : links[Int(first)].deadline }

  /// Arms a slot anew, one interval from now.
  mutating func arm(_ index: UInt32, at now: Instant) {
    guard interval > .zero else { return }
    disarm(index)
    while links.count <= Int(index) { links.append(Link()) }
    links[Int(index)] = Link(
      previous: last,
      next: Self.none,
      deadline: now + interval,
      isArmed: true
    )
    if last == Self.none { first = index } else { links[Int(last)].next = index }
    last = index
  }

  /// Takes a slot out, if it is in.
  mutating func disarm(_ index: UInt32) {
    guard Int(index) < links.count, links[Int(index)].isArmed else { return }
    let link = links[Int(index)]
    if link.previous == Self.none {
      first = link.next
    } else {
      links[Int(link.previous)].next = link.next
    }
    if link.next == Self.none {
      last = link.previous
    } else {
      links[Int(link.next)].previous = link.previous
    }
    links[Int(index)] = Link()
  }

  /// Takes out the first slot whose deadline has come.
  mutating func popDue(at now: Instant) -> UInt32? {
    guard first != Self.none, links[Int(first)].deadline <= now else { return nil }
    let index = first
    disarm(index)
    return index
  }
}
