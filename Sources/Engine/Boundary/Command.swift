// Every effect that the engine can ask for: on the line, and of the strategy runtime.

/// Effects on the line.
///
/// Intent, not SIP methods: the line side knows how.
public enum LineCommand: Sendable, Hashable {
  /// Send the call to a destination. Answered by `ringing`, `answered`, `diverted` or
  /// `diversionFailed` with the same attempt.
  case divert(ConnID, attempt: UInt32, to: Destination, mode: DivertMode)
  /// The diversion of this attempt, which follows and is a redirect, names these places too, after
  /// its own.
  case alsoName(ConnID, attempt: UInt32, [Destination])
  /// Take a diversion back; nothing of this attempt is signalled afterwards.
  case cancelDiversion(ConnID, attempt: UInt32, RouteFailure)
  /// Tell the caller that he waits in a queue (182), now and every minute while he does.
  case queued(ConnID, queue: DN, position: Int)
  /// The call no longer waits in a queue.
  case dequeued(ConnID)
  /// Refuse the call with this SIP status. The call is gone.
  case reject(ConnID, status: UInt16)
  /// End the call on all sides. The call is gone.
  case release(ConnID)
  /// Join the far side of a consult call with the caller of the held call, and let the party go
  /// who made both: the answer to `LineSignal.transferred`, after which the held call's ConnID
  /// counts.
  case transfer(ConnID, into: ConnID)
  /// Let the caller hear something; replaces what he hears now, and ends when he is diverted.
  ///
  /// Answered by `treatmentApplied` (then `treatmentEnded`, unless it is continuous) or by
  /// `treatmentNotApplied` with the same number.
  case applyTreatment(ConnID, treatment: UInt32, Treatment)
  /// Read a header of the caller's request; answered by `LineSignal.header`.
  case readHeader(ConnID, String)
}

/// Where a diversion goes.
public enum Destination: Sendable, Hashable, Codable {
  /// A DN of the plan.
  case dn(DN)
  /// A number behind a trunk.
  case trunk(name: String, number: String)
}

/// What the runtime should do.
public enum StrategyCommand: Sendable, Hashable {
  /// Start a strategy.
  case start(StrategyName, CallFacts)
  /// Answer a request.
  case resume(ConnID, StrategyAnswer, ResumeContext)
  /// Go on under another ConnID.
  case rename(ConnID, to: ConnID)
  /// Forget a run.
  case cancel(ConnID)
}
