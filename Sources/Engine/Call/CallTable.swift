/// Names a place in the call table.
struct CallSlot: Sendable, Hashable {
  let index: Int32
}

/// Names an agent of the plan.
struct AgentSlot: Sendable, Hashable {
  let index: Int32
}
