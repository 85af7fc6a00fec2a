// Every call that waits for an agent or a DN, and how the one is found that an agent gets.
//
// A call in a queue has an entry in the queue's line, a selection one in the index of the groups it
// waits for, and one in the line of every agent and DN that it waits for by name. The index holds
// the groups' entries and, of every queue, the front of its line: so that it answers "who is first
// among all whom this agent serves" by his bits alone, without walking queues or calls.
// Invariants: an entry is in exactly one line or in the index alone; the head of a queue is the
// front of its line and stands in the index. Ranks: in a queue's line the ticket alone; elsewhere
// priority (or aged priority), then ticket.
// Who may change it: `RoutingEngine` only.

/// All waiting calls.
struct WaitingCalls: Sendable, Codable {
  var entries = LineEntryTable()
  /// Entries of groups, and the heads of the queues.
  var index = RankedIndex()
  /// A row to ask and to enter with.
  var row = BitRows()

  init(words: Int) {
    index = RankedIndex(words: words)
    row = BitRows(words: words)
    row.grow(to: 1)
  }

  mutating func widen(to words: Int) {
    index.widen(to: words)
    row.widen(to: words)
  }
}
