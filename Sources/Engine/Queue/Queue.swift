// A queue: a wall with one way out (seed 000; DOMAIN, decision 2).
//
// States of a call at a queue: in the line; on its way to an agent (out of the line, ticket kept);
// gone. Invariant: whenever an agent who serves the queue is available, no call that he may take is
// in the line; so a newcomer may go straight to an available agent without overtaking anybody.

/// A queue of the plan with the calls that wait in it.
struct Queue: Sendable {
  let plan: QueuePlan
  var line = WaitingLine(ordersByPriority: false)

  init(_ plan: QueuePlan) { self.plan = plan }
}
