/// Why a call went where it went: everything that was asked, answered and tried (`pointsman why`).
public struct DecisionRecord: Sendable, Hashable {
  /// The call.
  public var call: ConnID
  /// What it brought along; nil when its entrance has been forgotten.
  public var entrance: CallEntrance?
  /// What happened, in order.
  public var steps: [DecisionStep]
  /// Whether the beginning has been overwritten by later calls (`Limits.decisionsKept`).
  public var isCut: Bool { entrance == nil }

  /// Makes a record.
  public init(call: ConnID, entrance: CallEntrance?, steps: [DecisionStep]) {
    self.call = call
    self.entrance = entrance
    self.steps = steps
  }
}

/// How a call came in.
public struct CallEntrance: Sendable, Hashable {
  /// Who it is.
  public var attributes: CallAttributes
  /// The routing point, queue or extension that it came to.
  public var dn: DN
  /// When: nanoseconds since the Unix epoch.
  public var time: UInt64
}

/// One step of a decision record.
public struct DecisionStep: Sendable, Hashable {
  /// When: nanoseconds since the Unix epoch.
  public var time: UInt64
  /// What.
  public var kind: DecisionKind
  /// For a step in which somebody was looked for: every agent of the site, and what he was then.
  public var candidates: [Candidate]
}

/// What can be in a decision record.
public enum DecisionKind: Sendable, Hashable {
  /// The call came to a DN.
  case entered(CallEntrance)
  /// Its strategy was started, from the generation of this fingerprint.
  case started(StrategyName, generation: String)
  /// The strategy asked for something, at this place of its text.
  case asked(StrategyRequest, StrategyTrace)
  /// It got this answer.
  case answered(StrategyAnswer)
  /// The strategy returned a target, or nothing.
  case returned(Target?, StrategyTrace)
  /// The strategy failed.
  case failed(StrategyFailure)
  /// How much of its budgets the strategy's run used.
  case used(StrategyUsage)
  /// The call took the default route.
  case defaulted(DefaultReason)
  /// A place of the default route was tried.
  case triedDefault(Target)
  /// The call entered a queue, and with the same ticket these others.
  case queued(DN, others: [DN])
  /// It was sent to a destination, where this agent sits.
  case sent(Destination, AgentID?, attempt: UInt32)
  /// The destination rings.
  case rang(attempt: UInt32)
  /// The destination answered.
  case connected(attempt: UInt32)
  /// The attempt came to nothing; the target's own status, if it said one.
  case missed(attempt: UInt32, RouteFailure, status: UInt16? = nil)
  /// It got its agent before a call that has waited longer, for this reason (`priority`, …).
  case overtook(ConnID, String)
  /// Whoever speaks with the caller made a consult call to a DN.
  case consulted(ConnID, DN)
  /// The consult call was transferred into this one by a party: what it had reached, it has now.
  case transferred(ConnID, by: DN)
  /// It is over.
  case ended(DecisionEnd)
}

/// How a call ended.
public enum DecisionEnd: Sendable, Hashable {
  /// Its caller hung up before anybody answered.
  case abandoned
  /// Somebody hung up after the conversation.
  case released
  /// The caller was told to call somewhere else.
  case redirected
  /// It was refused with this SIP status.
  case refused(UInt16)
  /// It goes on under the ConnID of the call that it was transferred into.
  case transferred(ConnID)
}

/// How much of its budgets a strategy's run used.
public struct StrategyUsage: Sendable, Hashable {
  /// Requests made.
  public var steps: Int
  /// Requests allowed (`Limits.strategyStepsMax`).
  public var stepsMax: Int

  /// Makes a usage.
  public init(steps: Int, stepsMax: Int) {
    self.steps = steps
    self.stepsMax = stepsMax
  }
}

/// Where in a strategy's text a step was made.
public struct StrategyTrace: Sendable, Hashable {
  /// The file; empty when nobody knows.
  public var file: String
  /// The line, from 1; 0 when nobody knows.
  public var line: Int32

  /// Makes a place.
  public init(file: String, line: Int32) {
    self.file = file
    self.line = line
  }

  /// Nobody knows.
  public static let none = StrategyTrace(file: "", line: 0)

  /// `strategies/sales.lua:8`; empty when nobody knows.
  public var text: String { line > 0 ? "\(file):\(line)" : "" }
}

/// An agent, and why he was or was not chosen.
public struct Candidate: Sendable, Hashable {
  /// Who.
  public var agent: AgentID
  /// The DN at which he could be reached then, if he could.
  public var dn: DN?
  /// Why.
  public var verdict: CandidateVerdict
}

/// Why an agent was or was not chosen.
public enum CandidateVerdict: Sendable, Hashable {
  /// He was chosen.
  case chosen
  /// He had been available for so many nanoseconds, but another came first by the rule.
  case passedOver(nanoseconds: UInt64)
  /// He is none of those who were looked for.
  case notNamed
  /// His skills: what he has and what was needed.
  case skills(String)
  /// He is not in this agent group.
  case notInGroup(String)
  /// His skills do not serve the queue.
  case notOfQueue(DN, String)
  /// The strategy excluded him or his DN.
  case excluded
  /// The call was at his phone before.
  case tried
  /// It is his own call.
  case caller
  /// What he was doing, for how many nanoseconds; nobody chooses one who is not ready.
  case standing(Standing, nanoseconds: UInt64)
  /// It is too long ago to say.
  case forgotten
}

/// What an agent is at a moment.
public enum Standing: Sendable, Hashable {
  /// Not logged in.
  case loggedOut
  /// Logged in, but no phone of his can be reached.
  case outOfService
  /// Not ready, with work mode and reason.
  case notReady(WorkMode, reason: String?)
  /// Left alone for a while after a redirect or a refusal.
  case leftAlone
  /// Kept for a call that has not been sent to him yet.
  case reserved(ConnID)
  /// A call is on its way to him.
  case offered(ConnID)
  /// His phone rings.
  case ringing(ConnID)
  /// He talks.
  case talking(ConnID)
  /// Available.
  case ready
}
