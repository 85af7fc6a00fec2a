package import Engine

/// What the control thread asks of the shard's thread, through its inbox.
enum ShardRequest: Sendable {
  /// An agent request of the T-Library; answered by `.agent`.
  case agent(AgentSignal, ticket: UInt64)
  /// A picture; answered by `.snapshot`.
  case snapshot(ticket: UInt64)
  /// Events from a sequence number on; answered by `.events`.
  case events(from: UInt64, count: Int, ticket: UInt64)
  /// Whether to report `.published` when there are new events.
  case announceEvents(Bool)
  /// A new generation of strategies; answered by `.installed`.
  case install(StrategyDelivery, ticket: UInt64)
  /// No new calls; report `.drained` when none is left.
  case drain
  /// Stop at once.
  case stop
}

/// What the shard's thread tells the control thread, through the control inbox.
enum ShardReport: Sendable {
  /// How the agent stands after a request, and the error if it was refused.
  case agent(AgentPicture?, refusal: Event?, ticket: UInt64)
  /// A picture.
  case snapshot(Snapshot, ticket: UInt64)
  /// Events, consecutive, and what the log holds now.
  case events([Event], oldest: UInt64, last: UInt64, ticket: UInt64)
  /// There are new events; said once until somebody reads.
  case published
  /// A generation is current, or why not.
  case installed(String?, ticket: UInt64)
  /// Draining, and no call is left.
  case drained
  /// The thread cannot go on.
  case failed(String)
}
